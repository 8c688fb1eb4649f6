/**
 * Operations on the points of a space: sampling, mutation, crossover, enumeration, counting, and encoding as numbers.
 */
import { KingletError, type Rng } from '../../core/index.ts'
import {
  brokenBy,
  type Choice,
  type Constraint,
  countIn,
  describeChoice,
  type Integer,
  isActive,
  list,
  makePoint,
  type Point,
  pointKey,
  type Scalar,
  type Space,
  valuesIn,
} from './space.ts'

/** The index of a value of an integer choice, from 0. */
const indexIn = (c: Integer, value: number): number => (value - c.low) / (c.step ?? 1)

/** The position of a value between the ends of its choice, from 0 to 1. A logarithmic choice is measured by ratio. */
export function toUnit(c: Choice, value: Scalar): number {
  if (c.kind === 'categorical') return c.values.length === 1 ? 0 : c.values.indexOf(value) / (c.values.length - 1)
  if (c.kind === 'integer') return countIn(c) === 1 ? 0 : indexIn(c, value as number) / (countIn(c) - 1)
  const [low, high, x] = [c.low, c.high, value as number].map(c.log ? Math.log : Number)
  return high === low ? 0 : (x - low) / (high - low)
}

/** The value nearest to `unit`: the inverse of {@link toUnit}. Clamps `unit` to [0, 1]. */
export function fromUnit(c: Choice, unit: number): Scalar {
  const u = Math.min(1, Math.max(0, unit))
  if (c.kind === 'categorical') return c.values[Math.round(u * (c.values.length - 1))]
  if (c.kind === 'integer') return c.low + Math.round(u * (countIn(c) - 1)) * (c.step ?? 1)
  // The exponential of an end's logarithm is not exactly that end.
  if (u === 0 || u === 1) return u === 0 ? c.low : c.high
  const [low, high] = c.log ? [Math.log(c.low), Math.log(c.high)] : [c.low, c.high]
  const x = low + u * (high - low)
  return Math.min(c.high, Math.max(c.low, c.log ? Math.exp(x) : x))
}

/** Draws a value uniformly: one of a finite number, or anywhere between the ends. */
export function sampleValue(c: Choice, rng: Rng): Scalar {
  if (c.kind === 'categorical') return c.values[rng.integer(c.values.length)]
  if (c.kind === 'integer') return c.low + rng.integer(countIn(c)) * (c.step ?? 1)
  return fromUnit(c, rng.uniform())
}

const mostDraws = 10_000

/**
 * Calls `draw` until all constraints hold, passing the number of failed draws. Throws a `KingletError` with the last
 * broken constraint after too many failures.
 */
export function drawValid(space: Space, draw: (before: number) => Point): Point {
  let broken: Constraint | undefined
  for (let i = 0; i < mostDraws; i++) {
    const point = draw(i)
    broken = brokenBy(space, point)
    if (!broken) return point
  }
  throw new KingletError(
    `space ${space.name}: none of ${mostDraws} points meets its constraints, the last broke "${broken!.says}": relax it`,
  )
}

const drawPoint = (space: Space, rng: Rng): Point => makePoint(space, (_, c) => sampleValue(c, rng))

/**
 * Draws a point uniformly over each choice. Throws a `KingletError` when constraints leave hardly any.
 *
 * @example
 * ```ts
 * import { Rng } from 'kinglet/core'
 * import { assertPoint, samplePoint, spaceOf } from 'kinglet/search'
 *
 * const space = spaceOf('ofa')
 * const point = samplePoint(space, new Rng(7))
 * assertPoint(space, point) // else it throws
 * Object.keys(point)[0] // => 'resolution'
 * ```
 */
export const samplePoint = (space: Space, rng: Rng): Point => drawValid(space, () => drawPoint(space, rng))

/** Standard deviation of the step by which mutation moves a real choice, on the unit scale. */
const spread = 0.2

/** Another value of the choice: a neighbour where values are ordered, any other value otherwise. */
export function mutateValue(c: Choice, value: Scalar, rng: Rng): Scalar {
  if (c.kind === 'real') return fromUnit(c, reflected(toUnit(c, value) + spread * rng.normal()))
  const count = valuesIn(c)
  if (count === 1) return value
  const at = c.kind === 'integer' ? indexIn(c, value as number) : c.values.indexOf(value)
  if (c.kind === 'categorical' && !c.ordered) return c.values[(at + 1 + rng.integer(count - 1)) % count]
  const up = at === 0 || (at < count - 1 && rng.uniform() < 0.5)
  const to = at + (up ? 1 : -1)
  return c.kind === 'integer' ? c.low + to * (c.step ?? 1) : c.values[to]
}

/** Reflects a number at 0 and 1, so that a value at an end moves too. */
function reflected(unit: number): number {
  const u = Math.abs(unit) % 2
  return u > 1 ? 2 - u : u
}

/**
 * After each run of this many failed draws one more choice changes at once, since a point may have no valid neighbours.
 */
const patience = 100

/**
 * Returns a neighbour: one active choice takes another value, and choices that this activates are drawn. Where
 * constraints leave no such neighbour, more choices change, up to all of them. Returns the point itself when no choice
 * has two values.
 *
 * @example
 * ```ts
 * import { Rng } from 'kinglet/core'
 * import { defaultPoint, mutatePoint, spaceOf } from 'kinglet/search'
 *
 * const space = spaceOf('v3-small')
 * const point = defaultPoint(space)
 * const moved = mutatePoint(space, point, new Rng(1))
 * Object.keys(point).filter((name) => moved[name] !== point[name]).length // => 1
 * ```
 */
export function mutatePoint(space: Space, point: Point, rng: Rng): Point {
  const movable = Object.keys(point).filter((name) => valuesIn(space.choices[name]) > 1)
  if (movable.length === 0) return point
  return drawValid(space, (before) => {
    const count = 1 + Math.floor(before / patience)
    if (count > movable.length) return drawPoint(space, rng)
    const moved = new Set(count === 1 ? [movable[rng.integer(movable.length)]] : chosen(movable, count, rng))
    return makePoint(space, (name, c) =>
      moved.has(name)
        ? mutateValue(c, point[name], rng)
        : Object.hasOwn(point, name)
          ? point[name]
          : sampleValue(c, rng),
    )
  })
}

/** `count` distinct elements. */
const chosen = <T>(from: readonly T[], count: number, rng: Rng): T[] =>
  [...rng.permutation(from.length).subarray(0, count)].map((i) => from[i])

/**
 * Takes each choice from one of two points at random, and draws choices that neither has. After failed draws the result
 * takes more and more choices from the first point.
 *
 * @example
 * ```ts
 * import { Rng } from 'kinglet/core'
 * import { crossPoints, samplePoint, spaceOf } from 'kinglet/search'
 *
 * const [space, rng] = [spaceOf('v1'), new Rng(1)]
 * const [a, b] = [samplePoint(space, rng), samplePoint(space, rng)]
 * const child = crossPoints(space, a, b, rng)
 * Object.keys(child).every((name) => child[name] === a[name] || child[name] === b[name]) // => true
 * ```
 */
export const crossPoints = (space: Space, a: Point, b: Point, rng: Rng): Point =>
  drawValid(space, (before) => {
    const share = 0.5 / (1 + Math.floor(before / patience))
    return makePoint(space, (name, c) => {
      const [first, second] = [a, b].filter((p) => Object.hasOwn(p, name))
      if (!first) return sampleValue(c, rng)
      return (second && rng.uniform() < share ? second : first)[name]
    })
  })

/** The values of a choice in order. A real choice has `levels` values, evenly spaced on its scale. */
export function listed(c: Choice, levels = 5): readonly Scalar[] {
  if (c.kind === 'categorical') return c.values
  const count = Math.min(valuesIn(c), c.kind === 'real' ? levels : Number.POSITIVE_INFINITY)
  return Array.from({ length: count }, (_, i) => fromUnit(c, count === 1 ? 0 : i / (count - 1)))
}

/**
 * Yields all points that meet the constraints, in order. A real choice takes `levels` values, evenly spaced on its
 * scale.
 *
 * @example
 * ```ts
 * import { allPoints, defineSpace } from 'kinglet/search'
 *
 * const space = defineSpace('s', {
 *   se: { kind: 'categorical', values: [false, true] },
 *   ratio: { kind: 'integer', low: 2, high: 3, when: { se: [true] } },
 * })
 * const points = [...allPoints(space)]
 * console.log(points) // => [{ se: false }, { se: true, ratio: 2 }, { se: true, ratio: 3 }]
 * ```
 */
export function* allPoints(space: Space, levels = 5): Generator<Point> {
  const entries = Object.entries(space.choices)
  function* from(index: number, point: Point): Generator<Point> {
    if (index === entries.length) {
      if (!brokenBy(space, point)) yield point
      return
    }
    const [name, c] = entries[index]
    if (!isActive(c, point)) yield* from(index + 1, point)
    else for (const value of listed(c, levels)) yield* from(index + 1, { ...point, [name]: value })
  }
  yield* from(0, {})
}

/**
 * The number of points before constraints; infinite with a real choice.
 *
 * @example
 * ```ts
 * import { countPoints, spaceOf } from 'kinglet/search'
 *
 * countPoints(spaceOf('ofa')).toExponential(2) // => '1.09e+21'
 * countPoints(spaceOf('training')) // => Infinity
 * ```
 */
export function countPoints(space: Space): number {
  const entries = Object.entries(space.choices)
  /** For each choice that others depend on, the index of the last one that does. */
  const until = new Map(entries.flatMap(([, c], i) => Object.keys(c.when ?? {}).map((name) => [name, i] as const)))
  const known = new Map<string, number>()
  const count = (index: number, before: Point): number => {
    if (index === entries.length) return 1
    // Choices that no later choice depends on do not change the count.
    const point = Object.fromEntries(Object.entries(before).filter(([name]) => until.get(name)! >= index))
    const memo = `${index} ${pointKey(point)}`
    const found = known.get(memo)
    if (found !== undefined) return found
    const [name, c] = entries[index]
    let n: number
    if (!isActive(c, point)) n = count(index + 1, point)
    else if (!until.has(name) || valuesIn(c) === Number.POSITIVE_INFINITY) n = valuesIn(c) * count(index + 1, point)
    else n = listed(c).reduce((sum: number, value) => sum + count(index + 1, { ...point, [name]: value }), 0)
    known.set(memo, n)
    return n
  }
  return count(0, {})
}

/**
 * Encodes a point as numbers for models: an ordered choice is one number from 0 to 1, an unordered one is one-hot. An
 * inactive choice is 0.5 throughout.
 *
 * @example
 * ```ts
 * import { defineSpace, encodePoint } from 'kinglet/search'
 *
 * const space = defineSpace('s', {
 *   rate: { kind: 'real', low: 0.001, high: 0.1, log: true },
 *   act: { kind: 'categorical', values: ['relu', 'swish'] },
 * })
 * encodePoint(space, { rate: 0.1, act: 'swish' }) // => [1, 0, 1]
 * ```
 */
export function encodePoint(space: Space, point: Point): number[] {
  return Object.entries(space.choices).flatMap(([name, c]) => {
    const has = Object.hasOwn(point, name)
    if (c.kind === 'categorical' && !c.ordered) return c.values.map((v) => (has ? Number(v === point[name]) : 0.5))
    return [has ? toUnit(c, point[name]) : 0.5]
  })
}

/**
 * Describes a space in words, one line for each choice (its name, its values, and when it is active) and constraint.
 *
 * @example
 * ```ts
 * import { describeSpace, spaceOf } from 'kinglet/search'
 * describeSpace(spaceOf('v3-small'))[0] // => 'resolution: 128, 160, 192 or 224'
 * ```
 */
export const describeSpace = (space: Space): string[] => [
  ...Object.entries(space.choices).map(([name, c]) => {
    const when = Object.entries(c.when ?? {}).map(([other, values]) => `${other} is ${list(values)}`)
    return `${name}: ${describeChoice(c)}${when.length ? `, where ${when.join(' and ')}` : ''}`
  }),
  ...space.constraints.map((c) => `constraint: ${c.says}`),
]
