/**
 * Learning rate schedules. The rate is a function of the step only, so a resumed run uses the same rates. Each schedule
 * may have a linear warm-up (Goyal et al. 2017, arXiv:1706.02677, section 2.2) and starts after it. `exponential` and
 * `step` count epochs, as the MobileNet papers do ("0.98 per epoch", "0.94 every 2.5 epochs").
 */
import { type Checks, checks, UsageError } from '../core/index.ts'
import { type Kind, resolveKind } from './check.ts'

interface Warmup {
  /** Epochs, possibly fractional, in which the rate rises to its peak. */
  readonly warmup?: number
}

interface Decay extends Warmup {
  /** Factor of the rate per period of `every` epochs. */
  readonly factor?: number
  /** Length of a period in epochs. */
  readonly every?: number
}

/** A schedule of the learning rate; plain JSON. */
export type Schedule =
  | ({ readonly name: 'constant' } & Warmup)
  | ({
      /** Half a cosine (Loshchilov and Hutter 2017, arXiv:1608.03983) down to `final` times the learning rate. */
      readonly name: 'cosine'
      readonly final?: number
    } & Warmup)
  | ({
      /** Decays smoothly. */
      readonly name: 'exponential'
    } & Decay)
  | ({
      /** Decays at the end of each period. */
      readonly name: 'step'
    } & Decay)

export type ScheduleName = Schedule['name']

/** A schedule with all options. */
type Full<T> = T extends unknown ? { readonly [K in keyof T]-?: T[K] } : never
export type FullSchedule = Full<Schedule>
type Options<N extends ScheduleName> = Omit<Extract<FullSchedule, { name: N }>, 'name'>

interface Curve<O> extends Kind<O> {
  /**
   * Returns the share of the learning rate. `done` is the completed part of the run after the warm-up (0 to 1),
   * `epochs` the number of epochs after the warm-up.
   */
  at(options: O, done: number, epochs: number): number
}

const warmup = checks.nonNegative
const decay: Checks<Options<'step'>> = { warmup, factor: checks.fraction, every: checks.positive }

const curves: { readonly [N in ScheduleName]: Curve<Options<N>> } = {
  constant: { defaults: { warmup: 0 }, checks: { warmup }, at: () => 1 },
  cosine: {
    defaults: { warmup: 0, final: 0 },
    checks: { warmup, final: checks.fraction },
    at: ({ final }, done) => final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * done)),
  },
  exponential: {
    defaults: { warmup: 0, factor: 0.98, every: 1 },
    checks: decay,
    at: ({ factor, every }, _, epochs) => factor ** (epochs / every),
  },
  step: {
    defaults: { warmup: 0, factor: 0.1, every: 30 },
    checks: decay,
    // The small term compensates rounding: 30 epochs must count as 30.
    at: ({ factor, every }, _, epochs) => factor ** Math.floor(epochs / every + 1e-9),
  },
}

export const scheduleNames = Object.keys(curves) as readonly ScheduleName[]

/**
 * Returns a schedule, given by name or as an object, with all its options. Throws a `UsageError` for an unknown name or
 * an invalid value.
 *
 * @example
 * ```ts
 * import { scheduleOf } from 'kinglet/train'
 *
 * scheduleOf('cosine') // => { name: 'cosine', warmup: 0, final: 0 }
 * scheduleOf({ name: 'step', every: 2.5, factor: 0.94 }) // => { name: 'step', warmup: 0, factor: 0.94, every: 2.5 }
 * ```
 */
export const scheduleOf = (given: ScheduleName | Schedule): FullSchedule => resolveKind('schedule', given, curves)

/** The length of a run. */
export interface RunLength {
  readonly steps: number
  readonly stepsPerEpoch: number
}

/**
 * Returns the learning rate of step `step` (from 1) of a run with the peak rate `learningRate`. Throws a `UsageError`
 * if the warm-up takes the whole run.
 *
 * @example
 * ```ts
 * import { learningRateAt } from 'kinglet/train'
 *
 * const run = { steps: 100, stepsPerEpoch: 10 }
 * learningRateAt({ name: 'cosine', warmup: 1 }, 0.1, 1, run) < 0.01 // => true
 * learningRateAt({ name: 'cosine', warmup: 1 }, 0.1, 11, run) // => 0.1
 * learningRateAt({ name: 'step', every: 3, factor: 0.5 }, 0.1, 31, run) // => 0.05
 * ```
 */
export function learningRateAt(
  given: ScheduleName | Schedule,
  learningRate: number,
  step: number,
  { steps, stepsPerEpoch }: RunLength,
): number {
  const schedule = scheduleOf(given)
  const warm = Math.round(schedule.warmup * stepsPerEpoch)
  if (warm >= steps && warm > 0)
    throw new UsageError(
      `schedule ${schedule.name}: the warm-up takes ${warm} steps, the run has ${steps}: ` +
        `make it shorter than ${steps / stepsPerEpoch} epochs`,
    )
  const index = step - 1
  if (index < warm) return (learningRate * (index + 1)) / (warm + 1)
  const curve = curves[schedule.name] as Curve<object>
  return learningRate * curve.at(schedule, (index - warm) / (steps - warm), (index - warm) / stepsPerEpoch)
}
