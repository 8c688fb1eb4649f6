/**
 * Which axes of an op run over the same entries. A channel that goes from one axis of a link goes from all of them:
 * pruning follows these links through a graph. An axis that no link names is not known to hold entries that can go.
 */
import type { Shape } from '../core/index.ts'

/** An axis, or a part of one. */
export interface AxisEnd {
  /** Index of an input; the result where it is left out. */
  readonly input?: number
  readonly axis: number
  /** The entry of the axis at which those of the link begin. Default 0. */
  readonly from?: number
  /** How often the entries follow each other along the axis. Default 1. */
  readonly times?: number
}

/** Axes that run over the same entries. */
export type AxisLink = readonly AxisEnd[]

/** Links of an op, by the shapes of its inputs and of its result. */
export type AxisRule<A> = (x: readonly Shape[], attrs: A, y: Shape) => readonly AxisLink[]

/**
 * Links by letters, one for each axis: equal letters are linked, dots are not. `letterAxes(['...i', '..io'], '...o')` is
 * a convolution's.
 */
export function letterAxes(inputs: readonly string[], result: string): AxisLink[] {
  const links = new Map<string, AxisEnd[]>()
  const add = (letters: string, end: Omit<AxisEnd, 'axis'>) => {
    for (const [axis, letter] of [...letters].entries())
      if (letter !== '.') links.set(letter, [...(links.get(letter) ?? []), { ...end, axis }])
  }
  for (const [input, letters] of inputs.entries()) add(letters, { input })
  add(result, {})
  return [...links.values()]
}

/** The last axis of every input and of the result: ops that work on each channel by itself. */
export const lastAxes: AxisRule<unknown> = (x, _, y) => [
  [...x.map((shape, input) => ({ input, axis: shape.length - 1 })), { axis: y.length - 1 }],
]

/** Axes of equal length, counted from the last: those along which no operand is stretched. */
export const broadcastAxes: AxisRule<unknown> = (x, _, y) =>
  y.map((length, axis) => [
    ...x.flatMap((shape, input) => {
      const own = axis - (y.length - shape.length)
      return shape[own] === length ? [{ input, axis: own }] : []
    }),
    { axis },
  ])

/** Axes of x that are whole in y, and in the same place. */
export const sameAxes = (isSame: (axis: number) => boolean, rank: number): AxisLink[] =>
  Array.from({ length: rank }, (_, axis) => axis)
    .filter(isSame)
    .map((axis) => [{ input: 0, axis }, { axis }])

/**
 * Axes of a reshape. Both shapes fall into the same runs of whole axes; where a run is one axis in one of them, the last
 * axis of the other follows itself along it: [H, W, C] as [H W C] has all channels H W times.
 */
export function reshapeAxes(x: Shape, y: Shape): AxisLink[] {
  const links: AxisLink[] = []
  const [from, to] = [x, y].map((shape) => shape.flatMap((length, axis) => (length === 1 ? [] : [axis])))
  let [i, j] = [0, 0]
  while (i < from.length && j < to.length) {
    const [firstX, firstY] = [i, j]
    let [a, b] = [x[from[i++]], y[to[j++]]]
    while (a !== b) {
      if (a < b) a *= x[from[i++]]
      else b *= y[to[j++]]
    }
    const [lastX, lastY] = [from[i - 1], to[j - 1]]
    if (i - firstX === 1) links.push([{ input: 0, axis: lastX, times: x[lastX] / y[lastY] }, { axis: lastY }])
    else if (j - firstY === 1)
      links.push([
        { input: 0, axis: lastX },
        { axis: lastY, times: y[lastY] / x[lastX] },
      ])
  }
  return links
}
