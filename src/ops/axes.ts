/**
 * Links between the axes of an op that run over the same entries. If a channel is removed from one axis of a link, it must
 * be removed from all of them: pruning follows these links through a graph. An axis that has no link must keep all of its
 * entries.
 */
import type { Shape } from '../core/index.ts'

/** An axis, or a part of one. */
export interface AxisEnd {
  /** Index of an input; omitted for the result. */
  readonly input?: number
  readonly axis: number
  /** The entry of the axis at which the entries of the link start. Default 0. */
  readonly from?: number
  /** How many times the entries repeat along the axis. Default 1. */
  readonly times?: number
}

/** The axes that run over the same entries. */
export type AxisLink = readonly AxisEnd[]

/** The links of an op, from the shapes of its inputs and its result. */
export type AxisRule<A> = (x: readonly Shape[], attrs: A, y: Shape) => readonly AxisLink[]

/**
 * Links written as letters, one per axis: axes with equal letters are linked, dots are not.
 * `letterAxes(['...i', '..io'], '...o')` describes a convolution.
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

/** Links the last axis of every input and of the result, for ops that work on each channel separately. */
export const lastAxes: AxisRule<unknown> = (x, _, y) => [
  [...x.map((shape, input) => ({ input, axis: shape.length - 1 })), { axis: y.length - 1 }],
]

/** Links axes of equal length, counted from the last: those along which no operand is broadcast. */
export const broadcastAxes: AxisRule<unknown> = (x, _, y) =>
  y.map((length, axis) => [
    ...x.flatMap((shape, input) => {
      const own = axis - (y.length - shape.length)
      return shape[own] === length ? [{ input, axis: own }] : []
    }),
    { axis },
  ])

/** Links each axis that y has in full and at the same place as x. */
export const sameAxes = (isSame: (axis: number) => boolean, rank: number): AxisLink[] =>
  Array.from({ length: rank }, (_, axis) => axis)
    .filter(isSame)
    .map((axis) => [{ input: 0, axis }, { axis }])

/**
 * The links of a reshape. Both shapes split into the same runs of whole axes. If a run is a single axis in one shape, the
 * last axis of the run in the other shape repeats along it: [H, W, C] as [H W C] has all channels H W times.
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
