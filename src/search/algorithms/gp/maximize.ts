/**
 * The point of a space where an acquisition is highest, as far as it is found: many drawn points, half of them around the
 * best known, and from the most promising a local search that moves all real choices along the gradient and the others
 * value by value, in turn.
 */
import type { Rng } from '../../../core/index.ts'
import { encodePoint, fromUnit, listed, mutateValue, samplePoint, sampleValue, toUnit } from '../../space/points.ts'
import { brokenBy, type Choice, makePoint, type Point, pointKey, type Space, valuesIn } from '../../space/space.ts'
import type { Layout } from './layout.ts'
import { minimize } from './minimize.ts'

/** The acquisition at an encoded point; with `numbers`, its derivatives after those are added to `gradient`. */
export type Acquire = (x: Float64Array, numbers?: Int32Array, gradient?: Float64Array) => number

export interface Hunt {
  readonly space: Space
  readonly layout: Layout
  readonly acquire: Acquire
  /** Points to look around, the best first. */
  readonly around: readonly Point[]
  /** {@link pointKey} of points that are not asked for again, unless there is no other. */
  readonly tried: ReadonlySet<string>
  readonly rng: Rng
  /** How many points are drawn. */
  readonly candidates: number
}

interface Found {
  readonly point: Point
  readonly value: number
}

/** Local searches, and turns of each. */
const climbs = 4
const turns = 4
/** A choice of more values is not tried with each, but with neighbours and this many drawn. */
const most = 12

const isReal = (c: Choice): boolean => c.kind === 'real' && c.low < c.high

/** The point with one choice changed, what that switches on drawn; nothing where a constraint is broken. */
function changed(space: Space, point: Point, moved: string, value: Point[string], rng: Rng): Point | undefined {
  const next = makePoint(space, (name, c) =>
    name === moved ? value : Object.hasOwn(point, name) ? point[name] : sampleValue(c, rng),
  )
  return brokenBy(space, next) ? undefined : next
}

/** A point near `point`: reals moved a little, by how much is drawn, others seldom changed but always at least one. */
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

/** Other values worth a try. */
function others(c: Choice, value: Point[string], rng: Rng): readonly Point[string][] {
  if (valuesIn(c) <= most) return listed(c).filter((v) => v !== value)
  const drawn = Array.from({ length: most }, (_, i) => (i % 2 ? sampleValue(c, rng) : mutateValue(c, value, rng)))
  return [...new Set(drawn)].filter((v) => v !== value)
}

/** All real choices moved uphill together. */
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

/** Every other choice tried with its other values, the best kept, one choice after the other. */
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

/** Local search from one point: reals and other choices in turn, until neither moves it. */
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

/** The most promising point that was not tried yet. */
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
