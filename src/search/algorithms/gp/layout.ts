/** Where the numbers of `encodePoint` stand, and how far apart two points are in each choice. */
import type { Space } from '../../space/space.ts'

export interface Layout {
  /** Numbers of an encoded point. */
  readonly width: number
  /** Choices: each has one length scale. */
  readonly dims: number
  /** For each number of an encoded point the choice that it belongs to. */
  readonly choiceOf: Int32Array
  /** For each number its share in the squared distance. */
  readonly weight: Float64Array
  /** For each choice its first number. */
  readonly offsets: Readonly<Record<string, number>>
}

/**
 * The layout of a space. A choice without order is several numbers, of which two differ by 1 where two points differ:
 * halved they make a distance of 1, whichever the values are, so a kernel of that distance is one of Hamming's.
 */
export function layoutOf(space: Space): Layout {
  const choiceOf: number[] = []
  const weight: number[] = []
  const offsets: Record<string, number> = {}
  for (const [i, [name, c]] of Object.entries(space.choices).entries()) {
    const oneHot = c.kind === 'categorical' && !c.ordered
    offsets[name] = choiceOf.length
    for (let k = 0; k < (oneHot ? c.values.length : 1); k++) {
      choiceOf.push(i)
      weight.push(oneHot ? 0.5 : 1)
    }
  }
  return {
    width: choiceOf.length,
    dims: Object.keys(space.choices).length,
    choiceOf: Int32Array.from(choiceOf),
    weight: Float64Array.from(weight),
    offsets,
  }
}

/** Squared distances by choice: for each pair of rows i > j, in the order (1, 0), (2, 0), (2, 1), ..., one a choice. */
export function distances({ width, dims, choiceOf, weight }: Layout, rows: Float64Array): Float64Array {
  const n = rows.length / width
  const apart = new Float64Array(((n * (n - 1)) / 2) * dims)
  let at = 0
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++, at += dims)
      for (let c = 0; c < width; c++)
        apart[at + choiceOf[c]] += weight[c] * (rows[i * width + c] - rows[j * width + c]) ** 2
  return apart
}
