/**
 * Several objectives: domination, fronts, crowding and hypervolume. Sources: Deb et al. 2002, "A fast and elitist
 * multiobjective genetic algorithm: NSGA-II", section III, for the sort and the crowding distance; While, Bradstreet
 * and Barone 2012, "A fast way of calculating exact hypervolumes" (WFG). Lists of numbers are costs: less is better in
 * each entry.
 */
import { UsageError } from '../core/index.ts'
import type { Objective, Problem, Trial } from './trial.ts'

/** The costs of a study's values: objectives to be maximised change sign. */
export const costsOf = (objectives: readonly Objective[], values: readonly number[]): number[] =>
  objectives.map(({ direction }, i) => (direction === 'minimize' ? values[i] : -values[i]))

/** A comparator for sorting. Infinity minus infinity is NaN, so it does not subtract. */
export const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0)

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: readonly number[], b: readonly number[]): boolean {
  let better = false
  for (let i = 0; i < a.length; i++) {
    if (a[i] > b[i]) return false
    if (a[i] < b[i]) better = true
  }
  return better
}

/** Indices by front: first those that nothing dominates, then those that only the first front dominates, and so on. */
export function frontsOf(costs: readonly (readonly number[])[]): number[][] {
  return (costs[0]?.length ?? 0) === 2 ? sweptFronts(costs) : peeledFronts(costs)
}

/**
 * The fronts of two objectives, by a sweep in order of the first. Each point joins the first front whose last member
 * does not dominate it: that member has the front's least second cost (Jensen 2003). A point that one front dominates is
 * dominated by all fronts before it, so the search is binary.
 */
function sweptFronts(costs: readonly (readonly number[])[]): number[][] {
  const order = [...costs.keys()].sort((a, b) => compare(costs[a][0], costs[b][0]) || compare(costs[a][1], costs[b][1]))
  const fronts: number[][] = []
  for (const i of order) {
    let [low, high] = [0, fronts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (dominates(costs[fronts[middle].at(-1)!], costs[i])) low = middle + 1
      else high = middle
    }
    if (low === fronts.length) fronts.push([])
    fronts[low].push(i)
  }
  return fronts.map((front) => front.sort((a, b) => a - b))
}

function peeledFronts(costs: readonly (readonly number[])[]): number[][] {
  const below: number[][] = costs.map(() => [])
  const above = new Uint32Array(costs.length)
  for (let i = 0; i < costs.length; i++)
    for (let j = i + 1; j < costs.length; j++)
      if (dominates(costs[i], costs[j])) {
        below[i].push(j)
        above[j]++
      } else if (dominates(costs[j], costs[i])) {
        below[j].push(i)
        above[i]++
      }
  const fronts: number[][] = []
  let front = [...above.keys()].filter((i) => above[i] === 0)
  while (front.length > 0) {
    fronts.push(front)
    front = front.flatMap((i) => below[i].filter((j) => --above[j] === 0)).sort((a, b) => a - b)
  }
  return fronts
}

/**
 * The distance between the neighbours of each point in its front, summed over objectives as shares of their range. It
 * is infinite at the ends.
 */
export function crowdingOf(costs: readonly (readonly number[])[]): number[] {
  const distance = costs.map(() => 0)
  for (let m = 0; m < (costs[0]?.length ?? 0); m++) {
    const order = [...costs.keys()].sort((a, b) => compare(costs[a][m], costs[b][m]) || a - b)
    const [first, last] = [order[0], order[order.length - 1]]
    distance[first] = distance[last] = Number.POSITIVE_INFINITY
    const range = costs[last][m] - costs[first][m]
    if (!(range > 0 && Number.isFinite(range))) continue
    for (let i = 1; i < order.length - 1; i++)
      distance[order[i]] += (costs[order[i + 1]][m] - costs[order[i - 1]][m]) / range
  }
  return distance
}

/**
 * The volume that these costs dominate, up to `reference`. It is exact for any number of objectives. Costs that do not
 * beat the reference in every objective add nothing. Throws a `UsageError` where lengths differ.
 *
 * @example
 * ```ts
 * import { hypervolume } from 'kinglet/search'
 *
 * hypervolume([[0, 1], [1, 0], [2, 2]], [2, 2]) // => 3
 * hypervolume([[0, 0, 1], [1, 1, 0]], [2, 2, 2]) // => 5
 * ```
 */
export function hypervolume(costs: readonly (readonly number[])[], reference: readonly number[]): number {
  const wrong = costs.find((c) => c.length !== reference.length)
  if (wrong)
    throw new UsageError(
      `hypervolume: costs are ${wrong.length} numbers, the reference is ${reference.length}: give one for each objective`,
    )
  return volumeOf(
    costs.filter((c) => c.every((x, i) => x < reference[i])),
    reference,
  )
}

function volumeOf(costs: readonly (readonly number[])[], reference: readonly number[]): number {
  const last = reference.length - 1
  if (costs.length === 0) return 0
  if (last === 0) return reference[0] - Math.min(...costs.map(([x]) => x))
  if (last === 1) {
    let [volume, height] = [0, reference[1]]
    for (const [x, y] of [...costs].sort((a, b) => a[0] - b[0]))
      if (y < height) {
        volume += (reference[0] - x) * (height - y)
        height = y
      }
    return volume
  }
  // WFG: the box of each point minus what later points cover of it. Sorting by the last objective, worst first, keeps
  // the remainders small.
  const front = frontsOf(costs)[0].map((i) => costs[i])
  front.sort((a, b) => b[last] - a[last])
  let volume = 0
  for (const [i, own] of front.entries()) {
    const box = own.reduce((product, x, m) => product * (reference[m] - x), 1)
    const taken = front.slice(i + 1).map((other) => other.map((x, m) => Math.max(x, own[m])))
    volume += box - volumeOf(taken, reference)
  }
  return volume
}

/**
 * The excess of each trial: its violations above 0, each as a share of the worst among these trials, added up. Shares,
 * as budgets have different units. 0 where all budgets are met.
 */
export function excessOf(trials: readonly Trial[]): number[] {
  const worst: number[] = []
  for (const { violations = [] } of trials)
    for (const [i, v] of violations.entries()) worst[i] = Math.max(worst[i] ?? 0, v)
  // An infinite violation is the worst, and has no quotient.
  const share = (v: number, i: number) => (v > 0 ? (worst[i] === v ? 1 : v / worst[i]) : 0)
  return trials.map(({ violations = [] }) => violations.map(share).reduce((a, b) => a + b, 0))
}

/**
 * Whether a trial exceeds no budget, as far as is known.
 *
 * @example
 * ```ts
 * import { isFeasible } from 'kinglet/search'
 *
 * isFeasible({ number: 0, point: {}, state: 'complete', values: [0.8], violations: [-3, 0], reports: [] }) // => true
 * isFeasible({ number: 1, point: {}, state: 'complete', values: [0], violations: [-3, 0.1], reports: [] }) // => false
 * ```
 */
export const isFeasible = ({ violations = [] }: Trial): boolean => violations.every((v) => v <= 0)

/**
 * The complete trials that exceed no budget and that no other dominates, in order of the first objective, best first.
 * With one objective, the best trial and those with an equal value.
 *
 * @example
 * ```ts
 * import { frontOf, type Trial } from 'kinglet/search'
 *
 * const objectives = [{ name: 'accuracy', direction: 'maximize' }, { name: 'latencyMs', direction: 'minimize' }] as const
 * const trials = [[0.6, 1], [0.5, 2], [0.7, 3]].map((values, number): Trial => ({
 *   number, values, point: { width: number + 1 }, state: 'complete', reports: [],
 * }))
 * frontOf({ objectives }, trials).map((trial) => trial.number) // => [2, 0]
 * ```
 */
export function frontOf<T extends Trial>({ objectives }: Pick<Problem, 'objectives'>, trials: readonly T[]): T[] {
  const fit = trials.filter((t) => t.state === 'complete' && t.values?.every(Number.isFinite) && isFeasible(t))
  const costs = fit.map((t) => costsOf(objectives, t.values!))
  const best = frontsOf(costs)[0] ?? []
  return best.sort((a, b) => costs[a][0] - costs[b][0] || a - b).map((i) => fit[i])
}
