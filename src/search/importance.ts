/**
 * The importance of each choice in a study: the share of an objective's variance that the choice's values explain
 * alone, minus what as many groups would explain by chance (epsilon squared, Kelley 1935: with few trials it is 0, not
 * 1). Real choices and long integer ones are cut into groups of equal size. Effects of choices in combination are in
 * none of the shares, so they need not add up to 1. Trials above a budget do not count, as most were never evaluated.
 */
import { isFeasible } from './pareto.ts'
import type { Point, Scalar } from './space/space.ts'
import type { Problem, Trial } from './trial.ts'

export interface Importance {
  readonly choice: string
  /** From 0 to 1. */
  readonly share: number
  /** Number of trials in which the choice was active. */
  readonly trials: number
}

/** Upper bound on the groups of a real choice. There are fewer where a group would have fewer than four trials. */
const mostGroups = 6
const leastInGroup = 4

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const spread = (values: readonly number[], around: number): number =>
  values.reduce((sum, v) => sum + (v - around) ** 2, 0)

interface Told {
  readonly given: Scalar
  readonly value: number
}

/** Values of the objective, grouped by the value of the choice. */
function groupsOf(told: readonly Told[], isNumeric: boolean): number[][] {
  const distinct = [...new Set(told.map((t) => t.given))]
  if (!isNumeric || distinct.length <= mostGroups)
    return distinct.map((given) => told.filter((t) => t.given === given).map((t) => t.value))
  const count = Math.max(1, Math.min(mostGroups, Math.floor(told.length / leastInGroup)))
  const sorted = [...told].sort((a, b) => Number(a.given) - Number(b.given))
  const at = (i: number) => Math.floor((i * sorted.length) / count)
  return Array.from({ length: count }, (_, i) => sorted.slice(at(i), at(i + 1)).map((t) => t.value))
}

/**
 * The share of each choice in the variance of objective `index`, largest first, over the complete trials that exceed no
 * budget. A choice with the same value in all of them has share 0.
 *
 * @example
 * ```ts
 * import { defineSpace, importanceOf, type Trial } from 'kinglet/search'
 *
 * const space = defineSpace('two', {
 *   matters: { kind: 'categorical', values: [0, 1] },
 *   idle: { kind: 'categorical', values: ['a', 'b'] },
 * })
 * const objectives = [{ name: 'loss', direction: 'minimize' }] as const
 * const trials = [0, 1, 2, 3].map((number): Trial => ({
 *   number,
 *   point: { matters: number % 2, idle: number < 2 ? 'a' : 'b' },
 *   state: 'complete',
 *   values: [number % 2],
 *   reports: [],
 * }))
 * importanceOf({ space, objectives, seed: 0 }, trials).map((i) => [i.choice, i.share]) // => [['matters', 1], ['idle', 0]]
 * ```
 */
export function importanceOf({ space }: Problem, trials: readonly Trial[], index = 0): Importance[] {
  const judged = trials.filter((t) => t.state === 'complete' && Number.isFinite(t.values?.[index]) && isFeasible(t))
  return Object.entries(space.choices)
    .map(([choice, { kind }]): Importance => {
      const has = ({ point }: { point: Point }) => Object.hasOwn(point, choice)
      const told = judged.filter(has).map((t) => ({ given: t.point[choice], value: t.values![index] }))
      const all = told.map((t) => t.value)
      const total = all.length > 0 ? spread(all, mean(all)) : 0
      const groups = groupsOf(told, kind !== 'categorical')
      const within = groups.reduce((sum, g) => sum + spread(g, mean(g)), 0)
      const left = all.length - groups.length
      const share = total > 0 && left > 0 ? Math.max(0, 1 - ((within / total) * (all.length - 1)) / left) : 0
      return { choice, share, trials: told.length }
    })
    .sort((a, b) => b.share - a.share)
}
