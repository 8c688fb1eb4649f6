/**
 * Tests of points: sampling, mutation and crossover stay in the space; counting agrees with listing; encodings are
 * distinct.
 */
import { describe, expect, test } from 'vitest'
import { Rng } from '../../../src/core/index.ts'
import {
  allPoints,
  countPoints,
  crossPoints,
  encodePoint,
  fromUnit,
  listed,
  mutatePoint,
  samplePoint,
  toUnit,
} from '../../../src/search/space/points.ts'
import {
  allows,
  assertPoint,
  brokenBy,
  type Categorical,
  type Choice,
  defineSpace,
  type Point,
  pointKey,
} from '../../../src/search/space/space.ts'
import { fc, words } from '../../support/property.ts'
import { all, constrained, enumerate, isolated, mixed, nested } from '../toy-spaces.ts'

const keys = (points: Iterable<Point>) => [...points].map(pointKey).sort()
const validOf = (space: typeof nested) => enumerate(space).filter((p) => !brokenBy(space, p))

describe('counting and listing', () => {
  test.each([nested, constrained, isolated].map((s) => [s.name, s] as const))(
    '%s: equals an exhaustive enumeration',
    (_, space) => {
      expect(countPoints(space)).toBe(enumerate(space).length)
      expect(keys(allPoints(space))).toEqual(keys(validOf(space)))
    },
  )

  test('any space with conditions on any earlier choices', () => {
    // Of each choice: how many values it has, and which earlier choices must have which value.
    const choice = fc.record({
      count: fc.integer({ min: 1, max: 3 }),
      when: fc.uniqueArray(fc.tuple(fc.nat(5), fc.nat()), { selector: ([earlier]) => earlier, maxLength: 2 }),
    })
    fc.assert(
      fc.property(fc.array(choice, { minLength: 1, maxLength: 6 }), (drawn) => {
        const choices: Record<string, Categorical> = {}
        for (const [i, { count, when }] of drawn.entries()) {
          const values = Array.from({ length: count }, (_, v) => v)
          const needed = when.filter(([earlier]) => earlier < i)
          choices[`c${i}`] = {
            ...{ kind: 'categorical', values },
            when: Object.fromEntries(needed.map(([earlier, v]) => [`c${earlier}`, [v % drawn[earlier].count]])),
          }
        }
        const space = defineSpace('drawn', choices)
        const found = enumerate(space)
        expect(countPoints(space)).toBe(found.length)
        expect(keys(allPoints(space))).toEqual(keys(found))
      }),
    )
  })

  test('a real choice has infinitely many points, alone and as a condition', () => {
    expect(countPoints(mixed)).toBe(Number.POSITIVE_INFINITY)
    const real: Choice = { kind: 'real', low: 0, high: 1 }
    const space = defineSpace('r', { x: real, y: { kind: 'categorical', values: [1, 2], when: { x: [0.5] } } })
    expect(countPoints(space)).toBe(Number.POSITIVE_INFINITY)
    expect([...allPoints(defineSpace('r', { x: real }), 3)]).toEqual([{ x: 0 }, { x: 0.5 }, { x: 1 }])
    expect(countPoints(defineSpace('one', { x: { ...real, low: 1 } }))).toBe(1)
  })

  test('many conditions are counted without enumerating their combinations', () => {
    const choices: Record<string, Choice> = {}
    for (let i = 0; i < 40; i++) {
      choices[`s${i}.depth`] = { kind: 'integer', low: 1, high: 3 }
      choices[`s${i}.second`] = { kind: 'categorical', values: [3, 5], when: { [`s${i}.depth`]: [2, 3] } }
    }
    expect(countPoints(defineSpace('deep', choices))).toBe(5 ** 40)
  })
})

describe.each(all.map((space) => [space.name, space] as const))('%s', (_, space) => {
  test('sampled, mutated and crossed points are valid', () => {
    fc.assert(
      fc.property(words, (seed) => {
        const rng = new Rng(seed)
        let [a, b] = [samplePoint(space, rng), samplePoint(space, rng)]
        for (let i = 0; i < 4; i++) {
          const mutant = mutatePoint(space, a, rng)
          const child = crossPoints(space, mutant, b, rng)
          for (const p of [a, mutant, child]) assertPoint(space, p)
          expect(pointKey(mutant)).not.toBe(pointKey(a))
          const inherited = (name: string) => [mutant, b].filter((p) => Object.hasOwn(p, name)).map((p) => p[name])
          const wrong = Object.entries(child).filter(
            ([name, value]) => inherited(name).length > 0 && !inherited(name).includes(value),
          )
          expect(wrong).toEqual([])
          ;[a, b] = [child, samplePoint(space, rng)]
        }
      }),
    )
  })

  test('sampling is a function of the random numbers', () => {
    const walk = (seed: number) => {
      const rng = new Rng(seed)
      let p = samplePoint(space, rng)
      for (let i = 0; i < 20; i++) p = crossPoints(space, mutatePoint(space, p, rng), samplePoint(space, rng), rng)
      return pointKey(p)
    }
    expect(walk(3)).toBe(walk(3))
  })
})

test('sampling reaches every point about equally often', () => {
  const rng = new Rng(2)
  const times = new Map(validOf(constrained).map((p) => [pointKey(p), 0]))
  for (let i = 0; i < 20_000; i++) {
    const key = pointKey(samplePoint(constrained, rng))
    times.set(key, times.get(key)! + 1)
  }
  expect(Math.min(...times.values())).toBeGreaterThan(0)
  const [low, high] = [0, 5].map((b) => times.get(pointKey({ a: 0, b }))!)
  // Binomial, about 900 each: six standard deviations.
  expect(Math.abs(low - high)).toBeLessThan(260)
})

test('repeated mutation reaches every point, even where no neighbour is valid', () => {
  for (const space of [nested, constrained, isolated]) {
    const rng = new Rng(4)
    const seen = new Set<string>()
    const wanted = validOf(space).length
    let p = samplePoint(space, rng)
    for (let i = 0; i < 20_000 && seen.size < wanted; i++) {
      seen.add(pointKey(p))
      p = mutatePoint(space, p, rng)
    }
    expect(seen.size).toBe(wanted)
  }
})

test('a mutation changes one choice, by one step where values are ordered', () => {
  const rng = new Rng(6)
  for (let i = 0; i < 2000; i++) {
    const p = samplePoint(nested, rng)
    const q = mutatePoint(nested, p, rng)
    const both = Object.keys(p).filter((name) => Object.hasOwn(q, name))
    const moved = both.filter((name) => p[name] !== q[name])
    expect(moved).toHaveLength(1)
    const c = nested.choices[moved[0]]
    const at = (point: Point) => listed(c).indexOf(point[moved[0]])
    if (c.kind === 'integer' || (c.kind === 'categorical' && c.ordered)) expect(Math.abs(at(p) - at(q))).toBe(1)
  }
  const single = defineSpace('single', { x: { kind: 'integer', low: 3, high: 3 } })
  expect(mutatePoint(single, { x: 3 }, rng)).toEqual({ x: 3 })
})

test('a value and its place on the unit scale convert to each other, for any choice', () => {
  const integers = fc
    .record({ low: fc.integer({ min: -1000, max: 1000 }), more: fc.nat(200), step: fc.integer({ min: 1, max: 9 }) })
    .map(({ low, more, step }): Choice => ({ kind: 'integer', low, high: low + more, step }))
  const end = fc.double({ min: 1e-9, max: 1e9, noNaN: true })
  const reals = fc
    .record({ ends: fc.tuple(end, end), log: fc.boolean() })
    .map(({ ends, log }): Choice => ({ kind: 'real', low: Math.min(...ends), high: Math.max(...ends), log }))
  const values = fc.uniqueArray(fc.oneof(fc.integer(), fc.string(), fc.boolean()), { minLength: 1, maxLength: 9 })
  const categoricals = values.map((values): Choice => ({ kind: 'categorical', values }))
  const unit = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.oneof(integers, reals, categoricals), unit, (c, u) => {
      const value = fromUnit(c, u)
      expect(allows(c, value)).toBe(true)
      const back = toUnit(c, value)
      expect(back >= 0 && back <= 1).toBe(true)
      expect(fromUnit(c, -u)).toBe(fromUnit(c, 0))
      expect(fromUnit(c, 1 + u)).toBe(fromUnit(c, 1))
      if (c.kind === 'real') {
        expect([fromUnit(c, 0), fromUnit(c, 1)]).toEqual([c.low, c.high])
        if (c.high > c.low * (1 + 1e-6)) expect(back).toBeCloseTo(u, 6)
      } else {
        const all = listed(c)
        expect(all.map((v) => fromUnit(c, toUnit(c, v)))).toEqual(all)
        expect([fromUnit(c, 0), fromUnit(c, 1)]).toEqual([all[0], all[all.length - 1]])
      }
    }),
  )
})

test('values convert to the unit scale and back, the ends exactly', () => {
  const choices: Choice[] = [
    { kind: 'integer', low: 0, high: 29, step: 10 },
    { kind: 'integer', low: -7, high: 1000, step: 3 },
    { kind: 'integer', low: 5, high: 5 },
    { kind: 'categorical', values: ['a', 'b', 'c'], ordered: true },
    { kind: 'categorical', values: ['only'] },
  ]
  for (const c of choices) {
    const values = listed(c)
    for (const v of values) expect(fromUnit(c, toUnit(c, v))).toBe(v)
    expect([toUnit(c, values[0]), fromUnit(c, -3), fromUnit(c, 4)]).toEqual([0, values[0], values[values.length - 1]])
    if (values.length > 1) expect(toUnit(c, values[values.length - 1])).toBe(1)
  }
  for (const [low, high] of [
    [1e-4, 0.1],
    [0.0003, 0.03],
    [3e-7, 7],
    [0.3, 0.3],
  ]) {
    const c: Choice = { kind: 'real', low, high, log: true }
    expect([fromUnit(c, 0), fromUnit(c, 1), fromUnit(c, -1), fromUnit(c, 2)]).toEqual([low, high, low, high])
    for (const u of [0.1, 0.5, 0.77]) if (low < high) expect(toUnit(c, fromUnit(c, u))).toBeCloseTo(u, 12)
  }
  expect(fromUnit({ kind: 'real', low: 1e-4, high: 1, log: true }, 0.5)).toBeCloseTo(0.01, 12)
})

test('encoding: one number for an ordered choice, one-hot for an unordered one, 0.5 for an inactive one', () => {
  expect(encodePoint(nested, { depth: 2, se: true, ratio: 4, second: 7, width: 18 })).toEqual([
    0.5,
    ...[0, 1],
    ...[0, 1, 0],
    1,
    0.5,
    ...[0.5, 0.5],
    0.5,
  ])
  expect(encodePoint(nested, { depth: 1, se: false, width: 28 })).toEqual([
    0, 1, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1,
  ])
  const point = { rate: 0.1, decay: 1, fixed: 0.3, optimizer: 'sgd', momentum: 0.99, kernel: 5, steps: 1 }
  expect(encodePoint(mixed, point)).toEqual([1, 0.5, 0, 1, 0, 0, 1, 0.5, 0])
})

test('different points with the same active choices have different encodings, all from 0 to 1', () => {
  const seen = new Map<string, string>()
  for (const p of enumerate(nested)) {
    const numbers = encodePoint(nested, p)
    expect(numbers.every((x) => x >= 0 && x <= 1)).toBe(true)
    const key = `${Object.keys(p)} ${numbers}`
    expect(seen.has(key)).toBe(false)
    seen.set(key, pointKey(p))
  }
})

test('constraints that cannot be met are reported by name', () => {
  const space = defineSpace('none', { x: { kind: 'integer', low: 1, high: 3 } }, [
    { says: 'x is above 5', holds: (p) => Number(p.x) > 5 },
  ])
  expect(() => samplePoint(space, new Rng(0))).toThrow(
    'space none: none of 10000 points meets its constraints, the last broke "x is above 5": relax it',
  )
})
