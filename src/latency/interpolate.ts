/** Interpolation between measured channel counts: piecewise linear in each count, within a rectangle of measured counts. */

export interface Sample {
  readonly channels: readonly number[]
  readonly value: number
}

const textOf = (channels: readonly number[]): string => channels.join(' ')

/** Pairs of measured counts around `at`, the narrowest first. A measured count equal to `at` is a pair with itself. */
function around(measured: readonly number[], at: number): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = []
  for (const low of measured)
    for (const high of measured) if (low <= at && at <= high && (low < high || low === at)) pairs.push([low, high])
  return pairs.sort((a, b) => a[1] - a[0] - (b[1] - b[0]))
}

/** Every choice of one pair for each count. */
const choices = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((before) => list.map((x) => [...before, x])), [[]])

/**
 * The value at `at`: that of a sample there, or else interpolated between the samples at the corners of the smallest
 * rectangle around it. Undefined where there is no rectangle.
 */
export function interpolate(samples: readonly Sample[], at: readonly number[]): number | undefined {
  const known = new Map(samples.map(({ channels, value }) => [textOf(channels), value]))
  const exact = known.get(textOf(at))
  if (exact !== undefined) return exact
  const axes = at.map((_, i) => [...new Set(samples.map(({ channels }) => channels[i]))])
  const cells = choices(axes.map((axis, i) => around(axis, at[i])))
  const sizeOf = (cell: readonly (readonly [number, number])[]) =>
    cell.reduce((product, [low, high]) => product * (1 + high - low), 1)
  for (const cell of cells.sort((a, b) => sizeOf(a) - sizeOf(b))) {
    const value = within(known, cell, at)
    if (value !== undefined) return value
  }
  return undefined
}

/** Interpolates linearly in each count between the corners of `cell`; undefined unless all of them are known. */
function within(
  known: ReadonlyMap<string, number>,
  cell: readonly (readonly [number, number])[],
  at: readonly number[],
): number | undefined {
  let sum = 0
  for (const corner of choices(cell.map(([low, high]) => (low === high ? [low] : [low, high])))) {
    const value = known.get(textOf(corner))
    if (value === undefined) return undefined
    sum += value * corner.reduce((share, n, i) => share * shareOf(cell[i], n, at[i]), 1)
  }
  return sum
}

const shareOf = ([low, high]: readonly [number, number], corner: number, at: number): number =>
  low === high ? 1 : 1 - Math.abs(corner - at) / (high - low)
