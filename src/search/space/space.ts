/**
 * Search spaces: tables of choices with types, conditions and constraints, for architectures and hyper-parameters
 * alike. An invalid point is refused. The meaning of a point (a network, a training run) is not known here.
 */
import { KingletError, nearest, oneOf, UsageError } from '../../core/index.ts'

export type Scalar = number | string | boolean

/** The values of all active choices by name, in the space's order. */
export type Point = Readonly<Record<string, Scalar>>

/** The choice is active only where each named earlier choice has one of these values. */
export type Condition = Readonly<Record<string, readonly Scalar[]>>

interface Conditional {
  readonly when?: Condition
}

/**
 * One of a few values. With `ordered`, neighbours in the list are similar (3, 5, 7), and mutation and models use that.
 */
export interface Categorical extends Conditional {
  readonly kind: 'categorical'
  readonly values: readonly Scalar[]
  readonly ordered?: boolean
}

/** `low`, `low + step`, ... up to `high`. Default step 1. */
export interface Integer extends Conditional {
  readonly kind: 'integer'
  readonly low: number
  readonly high: number
  readonly step?: number
}

/** A number from `low` to `high`. With `log`, equal ratios count as equal distances. */
export interface Real extends Conditional {
  readonly kind: 'real'
  readonly low: number
  readonly high: number
  readonly log?: boolean
}

export type Choice = Categorical | Integer | Real

/** A condition on points beyond their choices. */
export interface Constraint {
  /** The condition in words, for errors: `depth of stage 2 is at least that of stage 1`. */
  readonly says: string
  holds(point: Point): boolean
}

export interface Space {
  readonly name: string
  readonly choices: Readonly<Record<string, Choice>>
  readonly constraints: readonly Constraint[]
}

export const list = (values: readonly Scalar[]): string => oneOf(values.map((v) => JSON.stringify(v)))

/** The number of values of an integer choice. */
export const countIn = ({ low, high, step = 1 }: Integer): number => Math.floor((high - low) / step) + 1

/** The values of a choice, in words. */
export const describeChoice = (c: Choice): string =>
  c.kind === 'categorical'
    ? list(c.values)
    : c.kind === 'integer'
      ? `an integer from ${c.low} to ${c.high}${(c.step ?? 1) > 1 ? ` in steps of ${c.step}` : ''}`
      : `a number from ${c.low} to ${c.high}`

/** Whether `value` is a value of the choice. */
export function allows(c: Choice, value: unknown): boolean {
  if (c.kind === 'categorical') return c.values.includes(value as Scalar)
  if (typeof value !== 'number' || !(value >= c.low && value <= c.high)) return false
  return c.kind === 'real' || (Number.isInteger(value) && (value - c.low) % (c.step ?? 1) === 0)
}

/** The number of distinct values of a choice; infinite for a real one, unless its ends are equal. */
export const valuesIn = (c: Choice): number =>
  c.kind === 'categorical'
    ? c.values.length
    : c.kind === 'integer'
      ? countIn(c)
      : c.low === c.high
        ? 1
        : Number.POSITIVE_INFINITY

/**
 * Makes a space of these choices, in this order. Throws a `UsageError` for a choice without values, invalid bounds, and
 * a condition that no earlier choice can meet.
 *
 * @example
 * ```ts
 * import { Rng } from 'kinglet/core'
 * import { countPoints, defineSpace, samplePoint } from 'kinglet/search'
 *
 * const space = defineSpace('blocks', {
 *   kernel: { kind: 'categorical', values: [3, 5, 7], ordered: true },
 *   se: { kind: 'categorical', values: [false, true] },
 *   ratio: { kind: 'categorical', values: [2, 4], when: { se: [true] } },
 * })
 * countPoints(space) // => 9
 * 'ratio' in samplePoint(space, new Rng(1)) === samplePoint(space, new Rng(1)).se // => true
 * ```
 */
export function defineSpace(
  name: string,
  choices: Readonly<Record<string, Choice>>,
  constraints: readonly Constraint[] = [],
): Space {
  const before: Record<string, Choice> = {}
  if (Object.keys(choices).length === 0) throw new UsageError(`space ${name}: it has no choices: give it one at least`)
  for (const [own, c] of Object.entries(choices)) {
    const what = `space ${name}: choice ${own}`
    if (c.kind === 'categorical') {
      if (c.values.length === 0) throw new UsageError(`${what} has no values: give it one at least`)
      if (new Set(c.values).size < c.values.length)
        throw new UsageError(`${what} has a value twice: ${c.values.join(', ')}: leave one out`)
    } else {
      if (!(Number.isFinite(c.low) && Number.isFinite(c.high) && c.low <= c.high))
        throw new UsageError(`${what} goes from ${c.low} to ${c.high}: low must not be above high`)
      if (c.kind === 'real' && c.log && c.low <= 0)
        throw new UsageError(`${what} is logarithmic from ${c.low}: low must be above 0`)
      if (c.kind === 'integer' && !(Number.isInteger(c.low) && Number.isInteger(c.step ?? 1) && (c.step ?? 1) > 0))
        throw new UsageError(
          `${what} starts at ${c.low} in steps of ${c.step ?? 1}: both must be integers, the step above 0`,
        )
    }
    for (const [other, values] of Object.entries(c.when ?? {})) {
      const parent = before[other]
      if (!parent) throw new UsageError(`${what} depends on ${other}: ${other} must be an earlier choice`)
      const wrong = values.find((v) => !allows(parent, v))
      if (values.length === 0 || wrong !== undefined)
        throw new UsageError(
          `${what} depends on ${other} being ${list(values) || 'nothing'}: it is ${describeChoice(parent)}`,
        )
    }
    before[own] = c
  }
  return { name, choices, constraints }
}

/** Whether a choice is active, given the earlier choices of `point`. */
export const isActive = ({ when = {} }: Choice, point: Point): boolean =>
  Object.entries(when).every(([name, values]) => Object.hasOwn(point, name) && values.includes(point[name]))

/** Makes a point by calling `choose` for each active choice in order. Constraints are not checked. */
export function makePoint(space: Space, choose: (name: string, choice: Choice, soFar: Point) => Scalar): Point {
  const point: Record<string, Scalar> = {}
  for (const [name, c] of Object.entries(space.choices)) if (isActive(c, point)) point[name] = choose(name, c, point)
  return point
}

/** The first constraint that `point` breaks. */
export const brokenBy = (space: Space, point: Point): Constraint | undefined =>
  space.constraints.find((c) => !c.holds(point))

/**
 * Throws a `KingletError` unless `given` is a point of the space: a valid value for each active choice, no other
 * choices, and all constraints met.
 *
 * @example
 * ```ts
 * import { assertPoint, type Point, spaceOf } from 'kinglet/search'
 *
 * const given: unknown = JSON.parse('{ "learningRate": 0.01, "weightDecay": 0.02, "labelSmoothing": 0, "augmentation": "none" }')
 * assertPoint(spaceOf('training'), given)
 * const point: Point = given
 * point.learningRate // => 0.01
 * ```
 */
export function assertPoint(space: Space, given: unknown): asserts given is Point {
  const what = `space ${space.name}`
  if (typeof given !== 'object' || given === null)
    throw new KingletError(
      `${what}: ${JSON.stringify(given)} is not a point: give an object of ${Object.keys(space.choices).join(', ')}`,
    )
  const point = given as Point
  for (const name of Object.keys(point))
    if (!Object.hasOwn(space.choices, name)) {
      const meant = nearest(name, Object.keys(space.choices))
      throw new KingletError(
        `${what}: no choice ${name}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(Object.keys(space.choices))}`,
      )
    }
  for (const [name, c] of Object.entries(space.choices)) {
    const active = isActive(c, point)
    if (active !== Object.hasOwn(point, name))
      throw new KingletError(
        `${what}: choice ${name} is ${active ? 'missing' : `${JSON.stringify(point[name])} but inactive`}: ` +
          (active ? `it must be ${describeChoice(c)}` : 'leave it out'),
      )
    if (active && !allows(c, point[name]))
      throw new KingletError(
        `${what}: choice ${name} is ${JSON.stringify(point[name])}: it must be ${describeChoice(c)}`,
      )
  }
  const broken = brokenBy(space, point)
  if (broken) throw new KingletError(`${what}: ${pointKey(point)} breaks a constraint: ${broken.says}`)
}

/** A string that is equal for equal points. */
export const pointKey = (point: Point): string =>
  JSON.stringify(Object.fromEntries(Object.entries(point).sort(([a], [b]) => (a < b ? -1 : 1))))
