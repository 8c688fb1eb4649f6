/** Points of a space: drawn, changed, crossed, listed, counted, and as numbers for models. */
import { KingletError, type Rng } from '../core/index.ts'
import {
  brokenBy,
  type Choice,
  type Constraint,
  countIn,
  describeChoice,
  isActive,
  list,
  makePoint,
  type Point,
  pointKey,
  type Scalar,
  type Space,
  valuesIn,
} from './space.ts'

/** Where a value lies between the choice's ends, from 0 to 1 (of a logarithmic one by ratio). */
export function toUnit(c: Choice, value: Scalar): number {
  if (c.kind === 'categorical') return c.values.length === 1 ? 0 : c.values.indexOf(value) / (c.values.length - 1)
  const [low, high, x] = [c.low, c.high, value as number].map(c.kind === 'real' && c.log ? Math.log : Number)
  return high === low ? 0 : (x - low) / (high - low)
}

/** The value nearest to `unit`: the inverse of {@link toUnit}; beyond 0 and 1 it is the end. */
export function fromUnit(c: Choice, unit: number): Scalar {
  const u = Math.min(1, Math.max(0, unit))
  if (c.kind === 'categorical') return c.values[Math.round(u * (c.values.length - 1))]
  if (c.kind === 'integer') return c.low + Math.round(u * (countIn(c) - 1)) * (c.step ?? 1)
  const [low, high] = c.log ? [Math.log(c.low), Math.log(c.high)] : [c.low, c.high]
  const x = low + u * (high - low)
  return Math.min(c.high, Math.max(c.low, c.log ? Math.exp(x) : x))
}

/** A value drawn evenly: each of a few, or anywhere between the ends. */
export function sampleValue(c: Choice, rng: Rng): Scalar {
  if (c.kind === 'categorical') return c.values[rng.integer(c.values.length)]
  if (c.kind === 'integer') return c.low + rng.integer(countIn(c)) * (c.step ?? 1)
  return fromUnit(c, rng.uniform())
}

const mostDraws = 10_000

/** Draws until all constraints hold. Throws a `KingletError` that names one when they hardly ever do. */
export function drawValid(space: Space, draw: () => Point): Point {
  let broken: Constraint | undefined
  for (let i = 0; i < mostDraws; i++) {
    const point = draw()
    broken = brokenBy(space, point)
    if (!broken) return point
  }
  throw new KingletError(
    `space ${space.name}: none of ${mostDraws} points meets its constraints, the last broke "${broken!.says}": loosen it`,
  )
}

/** A point drawn evenly over each choice. */
export const samplePoint = (space: Space, rng: Rng): Point =>
  drawValid(space, () => makePoint(space, (_, c) => sampleValue(c, rng)))

/** How far a mutation moves a real choice, as a standard deviation of the unit scale. */
const spread = 0.2

/** Another value of the choice: a neighbour where values are ordered, any other where not. */
export function mutateValue(c: Choice, value: Scalar, rng: Rng): Scalar {
  if (c.kind === 'real') return fromUnit(c, toUnit(c, value) + spread * rng.normal())
  const count = valuesIn(c)
  if (count === 1) return value
  const values = listed(c)
  const at = values.indexOf(value)
  if (c.kind === 'categorical' && !c.ordered) return values[(at + 1 + rng.integer(count - 1)) % count]
  const up = at === 0 || (at < count - 1 && rng.uniform() < 0.5)
  return values[at + (up ? 1 : -1)]
}

/** A neighbour: one active choice is another value, and choices that this switches on are drawn. */
export function mutatePoint(space: Space, point: Point, rng: Rng): Point {
  const movable = Object.keys(point).filter((name) => valuesIn(space.choices[name]) > 1)
  if (movable.length === 0) return point
  return drawValid(space, () => {
    const moved = movable[rng.integer(movable.length)]
    return makePoint(space, (name, c) =>
      name === moved
        ? mutateValue(c, point[name], rng)
        : Object.hasOwn(point, name)
          ? point[name]
          : sampleValue(c, rng),
    )
  })
}

/** Each choice from one of two points, at random; what neither has is drawn. */
export const crossPoints = (space: Space, a: Point, b: Point, rng: Rng): Point =>
  drawValid(space, () =>
    makePoint(space, (name, c) => {
      const from = [a, b].filter((p) => Object.hasOwn(p, name))
      return from.length === 0 ? sampleValue(c, rng) : from[rng.integer(from.length)][name]
    }),
  )

/** The values of a choice in order; a real one is cut into `levels`, evenly on its scale. */
export function listed(c: Choice, levels = 5): readonly Scalar[] {
  if (c.kind === 'categorical') return c.values
  const count = Math.min(valuesIn(c), c.kind === 'real' ? levels : Number.POSITIVE_INFINITY)
  return Array.from({ length: count }, (_, i) => fromUnit(c, count === 1 ? 0 : i / (count - 1)))
}

/** All points in order, constraints applied; reals take `levels` values, evenly on their scale. */
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

/** How many points there are before constraints; infinitely many with a real choice. */
export function countPoints(space: Space): number {
  const entries = Object.entries(space.choices)
  const named = new Set(entries.flatMap(([, c]) => Object.keys(c.when ?? {})))
  const known = new Map<string, number>()
  const count = (index: number, point: Point): number => {
    if (index === entries.length) return 1
    const memo = `${index} ${pointKey(point)}`
    const before = known.get(memo)
    if (before !== undefined) return before
    const [name, c] = entries[index]
    let n: number
    if (!isActive(c, point)) n = count(index + 1, point)
    else if (!named.has(name)) n = valuesIn(c) * count(index + 1, point)
    else {
      n = listed(c).reduce((sum: number, value) => sum + count(index + 1, { ...point, [name]: value }), 0)
    }
    known.set(memo, n)
    return n
  }
  return count(0, {})
}

/** The point as numbers for models: ordered choices from 0 to 1, others one 0 or 1 a value, inactive ones 0.5. */
export function encodePoint(space: Space, point: Point): number[] {
  return Object.entries(space.choices).flatMap(([name, c]) => {
    const has = Object.hasOwn(point, name)
    if (c.kind === 'categorical' && !c.ordered) return c.values.map((v) => (has ? Number(v === point[name]) : 0.5))
    return [has ? toUnit(c, point[name]) : 0.5]
  })
}

/** One line a choice: name, what it can be, and when it is asked for. */
export const describeSpace = (space: Space): string[] => [
  ...Object.entries(space.choices).map(([name, c]) => {
    const when = Object.entries(c.when ?? {}).map(([other, values]) => `${other} is ${list(values)}`)
    return `${name}: ${describeChoice(c)}${when.length ? `, where ${when.join(' and ')}` : ''}`
  }),
  ...space.constraints.map((c) => `constraint: ${c.says}`),
]
