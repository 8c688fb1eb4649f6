/** Tests of what spaces refuse: invalid choices, conditions and points, each with its error. */
import { describe, expect, test } from 'vitest'
import { KingletError, UsageError } from '../../../src/core/index.ts'
import { describeSpace } from '../../../src/search/space/points.ts'
import { assertPoint, type Choice, defineSpace, makePoint, pointKey } from '../../../src/search/space/space.ts'
import { constrained, enumerate, mixed, nested } from '../toy-spaces.ts'

describe('an invalid space', () => {
  const x: Choice = { kind: 'categorical', values: [1, 2] }
  test.each<[string, Record<string, Choice>, string]>([
    ['no choices', {}, 'space s: it has no choices: give it one at least'],
    ['no values', { x: { kind: 'categorical', values: [] } }, 'space s: choice x has no values: give it one at least'],
    [
      'a duplicate value',
      { x: { kind: 'categorical', values: [3, 5, 3] } },
      'space s: choice x has a value twice: 3, 5, 3: leave one out',
    ],
    [
      'reversed bounds',
      { x: { kind: 'real', low: 2, high: 1 } },
      'choice x goes from 2 to 1: low must not be above high',
    ],
    [
      'no bound',
      { x: { kind: 'real', low: 0, high: Number.NaN } },
      'choice x goes from 0 to NaN: low must not be above',
    ],
    [
      'an infinite bound',
      { x: { kind: 'integer', low: 0, high: Number.POSITIVE_INFINITY } },
      'choice x goes from 0 to Infinity',
    ],
    [
      'a logarithmic choice from 0',
      { x: { kind: 'real', low: 0, high: 1, log: true } },
      'choice x is logarithmic from 0: low must be above 0',
    ],
    [
      'a fractional step',
      { x: { kind: 'integer', low: 0, high: 3, step: 0.5 } },
      'choice x starts at 0 in steps of 0.5: both must be',
    ],
    [
      'a fractional start',
      { x: { kind: 'integer', low: 0.5, high: 3 } },
      'choice x starts at 0.5 in steps of 1: both must be',
    ],
    [
      'steps back',
      { x: { kind: 'integer', low: 0, high: 3, step: -1 } },
      'in steps of -1: both must be integers, the step above 0',
    ],
    [
      'a condition on a later choice',
      { x: { ...x, when: { y: [1] } }, y: x },
      'space s: choice x depends on y: y must be an earlier choice',
    ],
    ['a condition on itself', { x: { ...x, when: { x: [1] } } }, 'choice x depends on x: x must be an earlier choice'],
    [
      'a condition that cannot be met',
      { x, y: { ...x, when: { x: [1, 3] } } },
      'space s: choice y depends on x being 1 or 3: it is 1 or 2',
    ],
    [
      'a condition without values',
      { x, y: { ...x, when: { x: [] } } },
      'choice y depends on x being nothing: it is 1 or 2',
    ],
  ])('%s', (_, choices, text) => {
    expect(() => defineSpace('s', choices)).toThrow(UsageError)
    expect(() => defineSpace('s', choices)).toThrow(text)
  })
})

describe('an invalid point', () => {
  const point = { depth: 3, se: true, ratio: 2, second: 5, third: 7, act: 'relu', width: 18 }
  test('a valid one', () => {
    expect(() => assertPoint(nested, point)).not.toThrow()
    for (const p of enumerate(nested)) expect(() => assertPoint(nested, p)).not.toThrow()
  })

  const { ratio: _, ...withoutRatio } = point
  test.each<[string, unknown, string]>([
    [
      'nothing',
      null,
      'space nested: null is not a point: give an object of depth, se, ratio, second, third, act, width',
    ],
    ['a number', 3, 'space nested: 3 is not a point'],
    [
      'an unknown choice',
      { ...point, widht: 8 },
      'space nested: no choice widht (did you mean width?): use depth, se, ratio, second, third, act or width',
    ],
    ['a choice left out', withoutRatio, 'space nested: choice ratio is missing: it must be 2, 4 or 8'],
    ['an inactive choice', { ...point, se: false }, 'space nested: choice ratio is 2 but inactive: leave it out'],
    [
      'a value that the choice lacks',
      { ...point, second: 6 },
      'space nested: choice second is 6: it must be 3, 5 or 7',
    ],
    ['a string for a number', { ...point, depth: '3' }, 'choice depth is "3": it must be an integer from 1 to 3'],
    ['a fraction', { ...point, depth: 2.5 }, 'choice depth is 2.5: it must be an integer from 1 to 3'],
    [
      'a value between steps',
      { ...point, width: 20 },
      'choice width is 20: it must be an integer from 8 to 29 in steps of 10',
    ],
    [
      'a value above the last step',
      { ...point, width: 38 },
      'choice width is 38: it must be an integer from 8 to 29 in steps of 10',
    ],
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

test('choices are asked for in order, and the key of a point does not depend on it', () => {
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

test('a space is described: one line for each choice and constraint', () => {
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
