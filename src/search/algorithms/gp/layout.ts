/** The positions of the numbers of `encodePoint`, and the distance of two points in each choice. */
import type { Space } from '../../space/space.ts'

export interface Layout {
  /** Number of numbers in an encoded point. */
  readonly width: number
  /** Number of choices. Each has one length scale. */
  readonly dims: number
  /** For each number of an encoded point, the index of its choice. */
  readonly choiceOf: Int32Array
  /** For each number, its weight in the squared distance. */
  readonly weight: Float64Array
  /** For each choice, the position of its first number. */
  readonly offsets: Readonly<Record<string, number>>
}

/**
 * The layout of a space. An unordered choice is encoded one-hot: two different values differ by 1 in two numbers.
 * Weights of one half make that a squared distance of 1 for any two values, so the kernel is one of the Hamming
 * distance.
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

/** Squared distances by choice, for each pair of rows i > j in the order (1, 0), (2, 0), (2, 1), ... */
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
