/** Tests of spaces as JSON: written and read back, written by hand, and every kind of mistake. */
import { describe, expect, test } from 'vitest'
import { KingletError, Rng, UsageError } from '../../../src/core/index.ts'
import {
  allPoints,
  assertPoint,
  constraintOf,
  countPoints,
  defaultPoint,
  defineSpace,
  describeSpace,
  isNetworkSpace,
  joinSpaces,
  networkOf,
  type Rule,
  readSpace,
  samplePoint,
  spaceNames,
  spaceOf,
  writeSpace,
} from '../../../src/search/index.ts'

describe.each(spaceNames.map((name) => [name]))('%s', (name) => {
  test('a space that was written and read is the same', () => {
    const space = spaceOf(name, { size: 48 })
    const again = readSpace(writeSpace(space), 'space.json')
    expect(describeSpace(again)).toEqual(describeSpace(space))
    expect(isNetworkSpace(again)).toBe(isNetworkSpace(space))
    expect(defaultPoint(again)).toEqual(defaultPoint(space))
    const rng = new Rng(1)
    for (let i = 0; i < 50; i++) assertPoint(again, samplePoint(space, rng))
    expect(writeSpace(again)).toBe(writeSpace(space))
  })
})

test('architecture and training in one file', () => {
  const space = joinSpaces(spaceOf('v3-small', { size: 28 }), spaceOf('training'))
  const again = readSpace(writeSpace(space), 'space.json')
  const point = samplePoint(again, new Rng(8))
  expect(networkOf(again, point).rows).toEqual(networkOf(space, point).rows)
})

const text = `{
  "name": "small-kernels",
  "network": "v3-small",
  "choices": {
    "stage2.kernel": { "kind": "categorical", "values": [3, 5], "ordered": true },
    "stage2.depth": { "kind": "integer", "low": 1, "high": 3 },
    "stage3.depth": { "kind": "integer", "low": 1, "high": 3 },
    "stage2.block3.se": { "kind": "categorical", "values": [false, true], "when": { "stage2.depth": [3] } },
    "learningRate": { "kind": "real", "low": 0.001, "high": 0.001, "log": true }
  },
  "constraints": [{ "atMost": ["stage2.depth", "stage3.depth"] }]
}`
const parsed = JSON.parse(text)

test('a hand-written space: choices left out stay as in the paper', () => {
  const space = readSpace(text, 'mine.json')
  expect(countPoints(space)).toBe(2 * 3 * (1 + 1 + 2))
  expect([...allPoints(space)]).toHaveLength(2 * (3 + 2 + 2))
  expect(defaultPoint(space)).toEqual({ 'stage2.kernel': 3, 'stage2.depth': 2, 'stage3.depth': 3, learningRate: 0.001 })
  const point = {
    'stage2.kernel': 5,
    'stage2.depth': 3,
    'stage3.depth': 3,
    'stage2.block3.se': true,
    learningRate: 0.001,
  }
  const { rows } = networkOf(space, point, { size: 64 })
  expect(rows.filter((r) => r.out === 24).map((r) => [r.kernel, r.se])).toEqual([
    [5, false],
    [5, false],
    [5, true],
  ])
  expect(() => assertPoint(space, { ...defaultPoint(space), 'stage3.depth': 1 })).toThrow(
    'breaks a constraint: stage2.depth is at most stage3.depth',
  )
})

describe('an invalid file', () => {
  const file = (change: object) => JSON.stringify({ ...parsed, ...change })
  const choices = (change: object) => file({ choices: { ...parsed.choices, ...change } })
  const choice = (value: unknown) => choices({ 'stage2.kernel': value })
  const rule = (value: unknown) => file({ constraints: [value] })
  test.each<[string, string, string]>([
    ['invalid JSON', '{ "name": ', 'mine.json: it is not JSON ('],
    ['not an object', '[1]', 'mine.json: options are [1]: give an object'],
    ['nothing', 'null', 'mine.json: options are null: give an object'],
    [
      'an unknown member',
      file({ choises: {} }),
      'mine.json: no option choises (did you mean choices?): use name, network',
    ],
    ['no name', file({ name: undefined }), 'mine.json: name is missing: it must be a string'],
    ['no choices', file({ choices: undefined }), 'mine.json: choices is missing: it must be an object of choices'],
    [
      'no choice',
      file({ choices: {}, constraints: [] }),
      'mine.json: space small-kernels: it has no choices: give it one',
    ],
    ['a list of choices', file({ choices: [] }), 'mine.json: choices is []: it must be an object of choices'],
    ['another network', file({ network: 'v4' }), 'mine.json: network is v4: it must be v3-small, v3-large, ofa or v1'],
    [
      'an unknown choice',
      choices({ 'stage2.kernell': { kind: 'categorical', values: [3] } }),
      'mine.json: no choice stage2.kernell (did you mean stage2.kernel?): v3-small has resolution, stem.width,',
    ],
    [
      'a choice without a kind',
      choice({ values: [3] }),
      'mine.json: choice stage2.kernel: kind is undefined: it must be categorical, integer or real',
    ],
    ['a list for a choice', choice([3, 5]), 'mine.json: choice stage2.kernel: kind is undefined: it must be'],
    ['nothing for a choice', choice(null), 'mine.json: choice stage2.kernel: kind is undefined: it must be'],
    [
      'an unknown member of a choice',
      choice({ kind: 'integer', low: 3, hihg: 5 }),
      'mine.json: choice stage2.kernel: no option hihg (did you mean high?): use kind, low, high, step or when',
    ],
    [
      'a bound left out',
      choice({ kind: 'integer', low: 3 }),
      'mine.json: choice stage2.kernel: high is missing: it must be a number',
    ],
    [
      'a string for a bound',
      choice({ kind: 'integer', low: '3', high: 5 }),
      `choice stage2.kernel: low is "3": it must be a number`,
    ],
    [
      'values of the wrong type',
      choice({ kind: 'categorical', values: [[3]] }),
      'values is [[3]]: it must be a list of numbers, strings,',
    ],
    [
      'an invalid value',
      choice({ kind: 'categorical', values: [3, 4] }),
      'mine.json: choice stage2.kernel is 4: it must be a positive odd integer',
    ],
    [
      'an invalid bound',
      choice({ kind: 'integer', low: -1, high: 3 }),
      'mine.json: choice stage2.kernel is -1: it must be a positive odd',
    ],
    [
      'an invalid integer between the bounds',
      choice({ kind: 'integer', low: 3, high: 7 }),
      'mine.json: choice stage2.kernel is 4: it must be a positive odd integer',
    ],
    [
      'steps to an invalid value',
      choices({ 'stage2.width': { kind: 'integer', low: 16, high: 32, step: 4 } }),
      'mine.json: choice stage2.width is 20: it must be a positive multiple of 8',
    ],
    [
      'a long range with an invalid value',
      choices({ 'head.width': { kind: 'integer', low: 8, high: 8e12 } }),
      'mine.json: choice head.width is 9: it must be a positive multiple of 8',
    ],
    [
      'real numbers where integers are required',
      choices({ epochs: { kind: 'real', low: 1, high: 20 } }),
      'mine.json: choice epochs is a number from 1 to 20: it must be a positive integer',
    ],
    [
      'a block that no network has',
      choices({ 'stage2.block9.kernel': { kind: 'categorical', values: [3, 5] } }),
      'choice stage2.block9.kernel is for block 9: the stage has 3 at most: leave it out, or let stage2.depth be 9',
    ],
    [
      "a block that the table's network does not have, and no choice of depth",
      choices({ 'stage5.block4.se': { kind: 'categorical', values: [true] } }),
      'choice stage5.block4.se is for block 4: the stage has 3 at most: leave it out, or let stage5.depth be 4',
    ],
    [
      'a duplicate value',
      choice({ kind: 'categorical', values: [3, 3] }),
      'mine.json: space small-kernels: choice stage2.kernel has a value twice: 3, 3: leave one out',
    ],
    [
      'a condition that is not a list',
      choice({ kind: 'categorical', values: [3], when: { a: 1 } }),
      'when is {"a":1}: it must be an object of earlier choices',
    ],
    [
      'a condition on a later choice',
      choice({ kind: 'categorical', values: [3], when: { 'stage3.depth': [1] } }),
      'mine.json: space small-kernels: choice stage2.kernel depends on stage3.depth: stage3.depth must be an earlier choice',
    ],
    [
      'constraints that are not a list',
      file({ constraints: {} }),
      'mine.json: constraints is {}: it must be a list of rules',
    ],
    [
      'an unknown rule',
      rule({ atLeast: ['a', 'b'] }),
      'mine.json: constraint {"atLeast":["a","b"]}: it must have one member, atMost, sumAtMost or never',
    ],
    ['null for a rule', rule(null), 'mine.json: constraint null: it must have one member, atMost, sumAtMost or never'],
    [
      'two rules in one',
      rule({ atMost: ['a', 'b'], never: {} }),
      'it must have one member, atMost, sumAtMost or never',
    ],
    [
      'an incomplete rule',
      rule({ atMost: ['stage2.depth'] }),
      'mine.json: constraint {"atMost":["stage2.depth"]}: atMost must be the names of two choices',
    ],
    [
      'a sum without a limit',
      rule({ sumAtMost: { of: ['stage2.depth'] } }),
      'sumAtMost must be { "of": names of choices, "limit": a number }',
    ],
    ['a rule without choices', rule({ never: {} }), 'never must be an object of choices and lists of their values'],
    [
      'a rule on an unknown choice',
      rule({ atMost: ['stage2.depth', 'stage3.dept'] }),
      'mine.json: constraint {"atMost":["stage2.depth","stage3.dept"]}: no choice stage3.dept (did you mean stage3.depth?): use',
    ],
    [
      'a comparison of values that are not numbers',
      rule({ atMost: ['stage2.depth', 'stage2.block3.se'] }),
      'stage2.block3.se is false or true: atMost compares numbers, use never',
    ],
    [
      'a value that the choice lacks',
      rule({ never: { 'stage2.kernel': [7] } }),
      'stage2.kernel is never 7: it is 3 or 5',
    ],
  ])('%s', (_, given, words) => {
    const read = () => readSpace(given, 'mine.json')
    expect(read).toThrow(words)
    expect(read).toThrow(KingletError)
    expect(read).not.toThrow(UsageError)
  })

  test('a default point that the constraints forbid is refused', () => {
    const space = readSpace(rule({ never: { 'stage2.kernel': [3] } }), 'mine.json')
    expect(() => defaultPoint(space)).toThrow('breaks a constraint: never stage2.kernel is 3')
  })
})

test('valid ranges and blocks are accepted', () => {
  const own = {
    'stage2.kernel': { kind: 'integer', low: 3, high: 7, step: 2 },
    'stage5.depth': { kind: 'categorical', values: [1, 4] },
    'stage5.block4.se': { kind: 'categorical', values: [false, true], when: { 'stage5.depth': [4] } },
    'stage3.block3.kernel': { kind: 'real', low: 5, high: 5 },
    dropout: { kind: 'real', low: 0, high: 0.5 },
    epochs: { kind: 'integer', low: 1, high: 2e9 },
  }
  const space = readSpace(JSON.stringify({ ...parsed, choices: own, constraints: [] }), 'mine.json')
  expect(Object.keys(space.choices)).toEqual(Object.keys(own))
  const deep = { 'stage2.kernel': 3, 'stage3.block3.kernel': 5, dropout: 0.1, epochs: 3 }
  expect(networkOf(space, { ...deep, 'stage5.depth': 4, 'stage5.block4.se': true }, { size: 32 }).rows).toBeDefined()
})

test('unknown choices, without a network', () => {
  const own = '{ "name": "own", "choices": { "colour": { "kind": "categorical", "values": ["red", "green"] } } }'
  const space = readSpace(own, 'own.json')
  expect([countPoints(space), defaultPoint(space), isNetworkSpace(space)]).toEqual([2, { colour: 'red' }, false])
  expect(() => networkOf(space, { colour: 'red' })).toThrow('space own has no networks')
})

describe('rules', () => {
  const { choices } = defineSpace('r', {
    a: { kind: 'integer', low: 0, high: 3 },
    b: { kind: 'integer', low: 0, high: 3 },
    c: { kind: 'categorical', values: ['x', false], when: { a: [1] } },
    d: { kind: 'integer', low: 0, high: 3, when: { a: [1] } },
  })
  test.each<[Rule, string, object[], object[]]>([
    [
      { atMost: ['a', 'b'] },
      'a is at most b',
      [
        { a: 1, b: 1 },
        { a: 0, b: 2 },
      ],
      [{ a: 2, b: 1 }],
    ],
    [{ atMost: ['a', 'd'] }, 'a is at most d', [{ a: 2 }, { a: 1, d: 1 }], [{ a: 1, d: 0 }]],
    [{ sumAtMost: { of: ['a', 'b'], limit: 3 } }, 'a + b is at most 3', [{ a: 1, b: 2 }], [{ a: 2, b: 2 }]],
    [
      { never: { a: [1, 2], c: [false] } },
      'never a is 1 or 2 and c is false',
      [{ a: 1, c: 'x' }, { a: 2 }],
      [{ a: 1, c: false }],
    ],
  ])('%j', (rule, says, met, broken) => {
    const constraint = constraintOf(rule, choices, 'space r')
    expect(constraint.says).toBe(says)
    for (const point of met) expect(constraint.holds(point as never)).toBe(true)
    for (const point of broken) expect(constraint.holds(point as never)).toBe(false)
  })

  test('a constraint that is a function cannot be written', () => {
    const space = defineSpace('f', choices, [{ says: 'a is 1', holds: (p) => p.a === 1 }])
    expect(() => writeSpace(space)).toThrow('space f: its constraint "a is 1" is a function: make it with constraintOf')
  })
})
