/**
 * Maximises an acquisition function over a space. It draws many points, half of them around the best known, and starts
 * a local search at the most promising. The local search alternates between real choices, moved together along the
 * gradient, and other choices, tried value by value.
 */
import type { Rng } from '../../../core/index.ts'
import { encodePoint, fromUnit, listed, mutateValue, samplePoint, sampleValue, toUnit } from '../../space/points.ts'
import { brokenBy, type Choice, makePoint, type Point, pointKey, type Space, valuesIn } from '../../space/space.ts'
import type { Layout } from './layout.ts'
import { minimize } from './minimize.ts'

/**
 * The acquisition at an encoded point. With `numbers`, its derivatives with respect to those are added to `gradient`.
 */
export type Acquire = (x: Float64Array, numbers?: Int32Array, gradient?: Float64Array) => number

export interface Hunt {
  readonly space: Space
  readonly layout: Layout
  readonly acquire: Acquire
  /** Points to search around, best first. */
  readonly around: readonly Point[]
  /** {@link pointKey} of each tried point. A tried point is returned only if no other was drawn. */
  readonly tried: ReadonlySet<string>
  readonly rng: Rng
  /** Number of points drawn. */
  readonly candidates: number
}

interface Found {
  readonly point: Point
  readonly value: number
}

/** Number of local searches, and of turns in each. */
const climbs = 4
const turns = 4
/** For a choice with more values than this, only this many are tried: half of them neighbours, half drawn at random. */
const most = 12

const isReal = (c: Choice): boolean => c.kind === 'real' && c.low < c.high

/** The point with one choice changed and newly active choices drawn. Undefined if it breaks a constraint. */
function changed(space: Space, point: Point, moved: string, value: Point[string], rng: Rng): Point | undefined {
  const next = makePoint(space, (name, c) =>
    name === moved ? value : Object.hasOwn(point, name) ? point[name] : sampleValue(c, rng),
  )
  return brokenBy(space, next) ? undefined : next
}

/**
 * A point near `point`. Reals move by a random scale; other choices rarely change, but at least one of them is
 * resampled. Undefined if it breaks a constraint.
 */
function near(space: Space, point: Point, rng: Rng): Point | undefined {
  const discrete = Object.keys(point).filter(
    (name) => !isReal(space.choices[name]) && valuesIn(space.choices[name]) > 1,
  )
  const sure = discrete.length ? discrete[rng.integer(discrete.length)] : ''
  const scale = 10 ** rng.between(-4, -0.5)
  const next = makePoint(space, (name, c) => {
    if (!Object.hasOwn(point, name)) return sampleValue(c, rng)
    if (isReal(c)) return fromUnit(c, toUnit(c, point[name]) + scale * rng.normal())
    return name === sure || rng.uniform() < 1 / (1 + discrete.length) ? mutateValue(c, point[name], rng) : point[name]
  })
  return brokenBy(space, next) ? undefined : next
}

/** The other values of a choice that are worth trying. */
function others(c: Choice, value: Point[string], rng: Rng): readonly Point[string][] {
  if (valuesIn(c) <= most) return listed(c).filter((v) => v !== value)
  const drawn = Array.from({ length: most }, (_, i) => (i % 2 ? sampleValue(c, rng) : mutateValue(c, value, rng)))
  return [...new Set(drawn)].filter((v) => v !== value)
}

/** Moves all real choices uphill together. */
function climbReals({ space, layout, acquire, tried }: Hunt, from: Found, reals: readonly string[]): Found {
  const numbers = Int32Array.from(reals, (name) => layout.offsets[name])
  const x = Float64Array.from(encodePoint(space, from.point))
  const pointOf = (units: Float64Array): Point => ({
    ...from.point,
    ...Object.fromEntries(reals.map((name, i) => [name, fromUnit(space.choices[name], units[i])])),
  })
  const ones = new Float64Array(reals.length).fill(1)
  const { x: units, value } = minimize(
    (at, gradient) => {
      if (space.constraints.length && brokenBy(space, pointOf(at))) return Number.POSITIVE_INFINITY
      for (let i = 0; i < at.length; i++) x[numbers[i]] = at[i]
      const height = acquire(x, numbers, gradient)
      for (let i = 0; i < at.length; i++) gradient[i] = -gradient[i]
      return -height
    },
    Float64Array.from(numbers, (c) => x[c]),
    { low: new Float64Array(reals.length), high: ones, iterations: 30, firstStep: 0.01, gain: 1e-4 },
  )
  const point = pointOf(units)
  return -value > from.value && !tried.has(pointKey(point)) ? { point, value: -value } : from
}

/** Tries the other values of each choice in turn, and keeps the best. */
function climbValues({ space, acquire, tried, rng }: Hunt, from: Found, names: readonly string[]): Found {
  let best = from
  for (const name of names) {
    const { point } = best
    if (!Object.hasOwn(point, name)) continue
    for (const value of others(space.choices[name], point[name], rng)) {
      const next = changed(space, point, name, value, rng)
      if (!next || tried.has(pointKey(next))) continue
      const height = acquire(Float64Array.from(encodePoint(space, next)))
      if (height > best.value) best = { point: next, value: height }
    }
  }
  return best
}

/** Local search from one point: real choices and other choices in turn, until neither improves it. */
function climb(hunt: Hunt, start: Found): Found {
  let best = start
  for (let turn = 0; turn < turns; turn++) {
    const before = best
    const names = Object.keys(best.point)
    const reals = names.filter((name) => isReal(hunt.space.choices[name]))
    const rest = names.filter((name) => !isReal(hunt.space.choices[name]) && valuesIn(hunt.space.choices[name]) > 1)
    if (reals.length) best = climbReals(hunt, best, reals)
    if (rest.length) best = climbValues(hunt, best, rest)
    if (rest.length === 0 || best === before) break
  }
  return best
}

/** The most promising untried point. */
export function maximize(hunt: Hunt): Point {
  const { space, acquire, around, tried, rng, candidates } = hunt
  const drawn: Found[] = []
  for (let i = 0; i < candidates; i++) {
    const centre = i % 2 && around.length ? around[Math.floor(i / 2) % around.length] : undefined
    const point = (centre && near(space, centre, rng)) ?? samplePoint(space, rng)
    drawn.push({ point, value: acquire(Float64Array.from(encodePoint(space, point))) })
  }
  const fresh = drawn.filter(({ point }) => !tried.has(pointKey(point)))
  const ranked = (fresh.length ? fresh : drawn).sort((a, b) => b.value - a.value)
  return ranked
    .slice(0, climbs)
    .map((start) => climb(hunt, start))
    .reduce((a, b) => (b.value > a.value ? b : a)).point
}
