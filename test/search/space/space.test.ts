/** What spaces refuse: choices, conditions and points that cannot be, each with its sentence. */
import { describe, expect, test } from 'vitest'
import { KingletError, UsageError } from '../../../src/core/index.ts'
import { describeSpace } from '../../../src/search/space/points.ts'
import { assertPoint, type Choice, defineSpace, makePoint, pointKey } from '../../../src/search/space/space.ts'
import { constrained, enumerate, mixed, nested } from '../toy-spaces.ts'

describe('a space that cannot be', () => {
  const x: Choice = { kind: 'categorical', values: [1, 2] }
  test.each<[string, Record<string, Choice>, string]>([
    ['no choices', {}, 'space s: it has no choices: give it one at least'],
    ['no values', { x: { kind: 'categorical', values: [] } }, 'space s: choice x has no values: give it one at least'],
    [
      'a value twice',
      { x: { kind: 'categorical', values: [3, 5, 3] } },
      'space s: choice x has a value twice: 3, 5, 3: leave one out',
    ],
    [
      'bounds the wrong way',
      { x: { kind: 'real', low: 2, high: 1 } },
      'choice x goes from 2 to 1: low must not be above high',
    ],
    [
      'no bound',
      { x: { kind: 'real', low: 0, high: Number.NaN } },
      'choice x goes from 0 to NaN: low must not be above',
    ],
    [
      'an endless one',
      { x: { kind: 'integer', low: 0, high: Number.POSITIVE_INFINITY } },
      'choice x goes from 0 to Infinity',
    ],
    [
      'ratios from 0',
      { x: { kind: 'real', low: 0, high: 1, log: true } },
      'choice x is logarithmic from 0: low must be above 0',
    ],
    [
      'half a step',
      { x: { kind: 'integer', low: 0, high: 3, step: 0.5 } },
      'choice x begins at 0 in steps of 0.5: both must be',
    ],
    [
      'half a beginning',
      { x: { kind: 'integer', low: 0.5, high: 3 } },
      'choice x begins at 0.5 in steps of 1: both must be',
    ],
    [
      'steps back',
      { x: { kind: 'integer', low: 0, high: 3, step: -1 } },
      'in steps of -1: both must be integers, the step above 0',
    ],
    [
      'a condition on what comes later',
      { x: { ...x, when: { y: [1] } }, y: x },
      'space s: choice x depends on y: it must stand before it',
    ],
    ['a condition on itself', { x: { ...x, when: { x: [1] } } }, 'choice x depends on x: it must stand before it'],
    [
      'a condition that is never met',
      { x, y: { ...x, when: { x: [1, 3] } } },
      'space s: choice y depends on x being 1 or 3: it is 1 or 2',
    ],
    [
      'a condition of no values',
      { x, y: { ...x, when: { x: [] } } },
      'choice y depends on x being nothing: it is 1 or 2',
    ],
  ])('%s', (_, choices, text) => {
    expect(() => defineSpace('s', choices)).toThrow(UsageError)
    expect(() => defineSpace('s', choices)).toThrow(text)
  })
})

describe('a point that cannot be', () => {
  const point = { depth: 3, se: true, ratio: 2, second: 5, third: 7, act: 'relu', width: 18 }
  test('one that can', () => {
    expect(() => assertPoint(nested, point)).not.toThrow()
    for (const p of enumerate(nested)) expect(() => assertPoint(nested, p)).not.toThrow()
  })

  const { ratio: _, ...withoutRatio } = point
  test.each<[string, unknown, string]>([
    ['nothing', null, 'space nested: null is no point: give an object of depth, se, ratio, second, third, act, width'],
    ['a number', 3, 'space nested: 3 is no point'],
    [
      'an unknown choice',
      { ...point, widht: 8 },
      'space nested: no choice widht (did you mean width?): use depth, se, ratio, second, third, act or width',
    ],
    ['one left out', withoutRatio, 'space nested: choice ratio is missing: it must be 2, 4 or 8'],
    [
      'one too many',
      { ...point, se: false },
      'space nested: choice ratio is 2 where it is not asked for: leave it out',
    ],
    ['another value', { ...point, second: 6 }, 'space nested: choice second is 6: it must be 3, 5 or 7'],
    ['a text for a number', { ...point, depth: '3' }, 'choice depth is "3": it must be an integer from 1 to 3'],
    ['half a number', { ...point, depth: 2.5 }, 'choice depth is 2.5: it must be an integer from 1 to 3'],
    ['between steps', { ...point, width: 20 }, 'choice width is 20: it must be an integer from 8 to 29 in steps of 10'],
    ['beyond', { ...point, width: 38 }, 'choice width is 38: it must be an integer from 8 to 29 in steps of 10'],
  ])('%s', (_, given, text) => {
    expect(() => assertPoint(nested, given)).toThrow(KingletError)
    expect(() => assertPoint(nested, given)).toThrow(text)
  })

  test('no number', () => {
    const rest = { decay: 0, fixed: 0.3, optimizer: 'adamw', kernel: 3, steps: 5 }
    expect(() => assertPoint(mixed, { rate: 0.01, ...rest })).not.toThrow()
    for (const rate of [Number.NaN, 0.2, '0.01'])
      expect(() => assertPoint(mixed, { rate, ...rest })).toThrow('choice rate is')
  })

  test('one that breaks a constraint', () => {
    expect(() => assertPoint(constrained, { a: 4, b: 2 })).toThrow(
      'space constrained: {"a":4,"b":2} breaks a constraint: a is at most b',
    )
  })
})

test('points are asked for in order, and their keys do not depend on it', () => {
  const asked: string[] = []
  const point = makePoint(nested, (name, c, soFar) => {
    asked.push(name)
    expect(Object.keys(soFar)).toEqual(asked.slice(0, -1))
    return c.kind === 'integer' ? c.low : c.kind === 'categorical' ? c.values[0] : 0
  })
  expect(point).toEqual({ depth: 1, se: false, width: 8 })
  expect(asked).toEqual(['depth', 'se', 'width'])
  expect(pointKey({ width: 8, se: false, depth: 1 })).toBe(pointKey(point))
  expect(pointKey({ ...point, depth: 2 })).not.toBe(pointKey(point))
})

test('a space is described: a line a choice, and its constraints', () => {
  expect(describeSpace(nested)).toEqual([
    'depth: an integer from 1 to 3',
    'se: false or true',
    'ratio: 2, 4 or 8, where se is true',
    'second: 3, 5 or 7, where depth is 2 or 3',
    'third: 3, 5 or 7, where depth is 3 and second is 5 or 7',
    'act: "relu" or "swish", where ratio is 2 and depth is 1 or 3',
    'width: an integer from 8 to 29 in steps of 10',
  ])
  expect(describeSpace(constrained).slice(-2)).toEqual([
    'constraint: a is at most b',
    'constraint: c is y only where b is odd',
  ])
})
