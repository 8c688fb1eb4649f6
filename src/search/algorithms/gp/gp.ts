/**
 * Bayesian optimisation. A Gaussian process predicts the value of each point and its uncertainty; the proposal has the
 * highest expected improvement. Each budget has its own process (Gardner et al. 2014). Several objectives are weighted
 * at random for each trial (ParEGO, Knowles 2006). A point in evaluation counts as if it had given its expected value
 * (kriging believer, Ginsbourger et al. 2010).
 */
import { type Checks, checks, key, keyOf } from '../../../core/index.ts'
import { encodePoint } from '../../space/points.ts'
import { type Point, pointKey } from '../../space/space.ts'
import type { Problem, Trial } from '../../trial.ts'
import type { Algorithm } from '../algorithm.ts'
import { resolveOptions, rngOf } from '../observations.ts'
import { quasiRandomPoint } from '../quasi-random.ts'
import { acquisition, type Beliefs } from './acquisition.ts'
import { fitHyper, type Hyper } from './fit.ts'
import { type Data, historyOf } from './history.ts'
import { type Layout, layoutOf } from './layout.ts'
import { type Acquire, maximize } from './maximize.ts'
import { Posterior } from './posterior.ts'
import { objectiveTransform, type Transform, violationTransform } from './transform.ts'

export interface GaussianProcessOptions {
  /** Trials that cover the space evenly before the first model. Default 10. */
  readonly startup?: number
  /** Points drawn to start the maximisation of expected improvement. Default 512. */
  readonly candidates?: number
}

const defaults = { startup: 10, candidates: 512 }
const members: Checks<GaussianProcessOptions> = { startup: checks.count, candidates: checks.count }

/** Number of the best trials around which candidates are drawn. */
const centres = 4

/** A model fitted to the first trials of a study: the scale of its values, and its hyper-parameters. */
interface Fit {
  readonly data: Data
  readonly transform: Transform
  readonly hyper: Hyper
}

/**
 * How many of `count` values the hyper-parameters are fitted to. The number grows by 10 % from one fit to the next and
 * is 300 at most, since the time grows with its cube.
 */
export function fittedFrom(count: number): number {
  let n = 2
  for (let next = n; next <= Math.min(count, 300); next = Math.max(n + 1, Math.floor(n * 1.1))) n = next
  return n
}

const equal = (a: Float64Array, b: Float64Array): boolean => a.length === b.length && a.every((v, i) => v === b[i])

/** A cache of fits, keyed by their data. A fit serves the next trials until there are enough new values. */
class Fits {
  readonly #last: (Fit | undefined)[] = []

  /** Returns the fit to the first values of `data`. `slot` is the index of the model. */
  of(slot: number, layout: Layout, data: Data, transformOf: (values: Float64Array) => Transform): Fit {
    const count = Math.min(data.values.length, fittedFrom(data.values.length))
    const first = { rows: data.rows.subarray(0, count * layout.width), values: data.values.subarray(0, count) }
    const last = this.#last[slot]
    if (last && equal(last.data.values, first.values) && equal(last.data.rows, first.rows)) return last
    const transform = transformOf(first.values)
    const hyper = fitHyper(layout, first.rows, first.values.map(transform))
    return (this.#last[slot] = { data: first, transform, hyper })
  }
}

/** A process given all of `data`, and then the pending points with the values that it expects of them. */
function believe(layout: Layout, { hyper, transform }: Fit, data: Data, pending: readonly Float64Array[]): Posterior {
  const known = new Posterior(layout, hyper, data.rows, data.values.map(transform))
  if (pending.length === 0) return known
  const rows = Float64Array.from([...data.rows, ...pending.flatMap((x) => [...x])])
  const values = [...data.values.map(transform), ...pending.map((x) => known.at(x).mean)]
  return new Posterior(layout, hyper, rows, Float64Array.from(values))
}

/**
 * The algorithm `gp`, for studies of few, expensive trials. It takes spaces of all
 * kinds, budgets and several objectives. Time and memory of `ask` grow with the square of the number of trials,
 * noticeably above some thousands. Throws a `UsageError` for invalid options. See {@link algorithmOf}.
 */
export function gaussianProcess(options: GaussianProcessOptions = {}): Algorithm {
  const { startup, candidates } = resolveOptions<Required<GaussianProcessOptions>>('gp', options, defaults, members)
  const fits = new Fits()
  return {
    name: 'gp',
    options: { startup, candidates },
    ask(problem: Problem, trials: readonly Trial[], number: number): Point {
      const { space } = problem
      const rng = rngOf('gp', problem, number)
      const { points, objective, limits, pending } = historyOf(problem, trials, rng)
      const isKnown = objective !== undefined || limits.length > 0
      if (number < startup || points.length < 2 || !isKnown)
        return quasiRandomPoint(space, key(problem.seed, keyOf('gp')), number)

      const layout = layoutOf(space)
      const encoded = (point: Point) => Float64Array.from(encodePoint(space, point))
      const waiting = pending.map(encoded)
      const budgets = limits.map((data, i) => {
        const own = fits.of(i + 1, layout, data, violationTransform)
        return { model: believe(layout, own, data, waiting), most: own.transform(0) }
      })
      const model = objective && believe(layout, fits.of(0, layout, objective, objectiveTransform), objective, waiting)
      // The best value is one without noise: the lowest observation may have been luck. A pending point counts if it is
      // expected to meet the budgets.
      const meets = waiting.map((x) => budgets.every((b) => b.model.at(x).mean <= b.most))
      const usable = objective && [...objective.feasible, ...meets]
      const beliefs: Beliefs = {
        limits: budgets,
        objective: model && { model, best: Math.min(...model.fitted.filter((_, i) => usable![i])) },
      }
      const acquire: Acquire = (x, numbers, gradient) => acquisition(beliefs, x, numbers, gradient)
      const all = [...(objective ?? { points }).points, ...pending]
      const score = model?.fitted ?? all.map((p) => -acquire(encoded(p)))
      const order = [...all.keys()].filter((i) => usable?.[i] ?? true).sort((a, b) => score[a] - score[b])
      return maximize({
        space,
        layout,
        acquire,
        around: order.slice(0, centres).map((i) => all[i]),
        tried: new Set(trials.map((t) => pointKey(t.point))),
        rng,
        candidates,
      })
    },
  }
}
