/** Values in text: numbers with their checks, names, amounts with suffixes. */
import { expect, test } from 'vitest'
import {
  type Check,
  checks,
  numberIn,
  readName,
  readNumber,
  readNumbers,
  readPositiveInteger,
  readQuantity,
} from '../../src/core/index.ts'

test('a number takes all of the text, and empty text has no number', () => {
  expect(['3', ' 3 ', '1e3', '-0.5', '0x10'].map(numberIn)).toEqual([3, 3, 1000, -0.5, 16])
  expect(['', ' ', '3px', '1,5', 'NaN'].map(numberIn)).toEqual([NaN, NaN, NaN, NaN, NaN])
})

test.each<[Check, readonly string[], readonly string[]]>([
  [checks.number, ['0', '-1.5'], ['', 'Infinity', 'x']],
  [checks.integer, ['-3', '0'], ['0.5', '1e300']],
  [checks.count, ['1', '32'], ['0', '-1', '1.5', '', '1e300']],
  [checks.whole, ['0', '7'], ['-1', '0.5']],
  [checks.odd, ['1', '7'], ['0', '2', '-3', '2.5']],
  [checks.positive, ['1e-9'], ['0', '-1', 'Infinity']],
  [checks.nonNegative, ['0', '0.1'], ['-0.1', 'Infinity']],
  [checks.share, ['0', '0.999'], ['1', '-0.1']],
  [checks.properShare, ['0.001', '0.999'], ['0', '1']],
  [checks.fraction, ['0', '1'], ['1.1', '-0.1']],
])('%#: text is held to the check of options', (check, right, wrong) => {
  const read = readNumber(check)
  expect(right.map(read)).toEqual(right.map((text) => ({ value: Number(text) })))
  expect(wrong.map(read)).toEqual(wrong.map(() => ({ problem: `It must be ${check.must}.` })))
})

test('a list of numbers is checked as a whole', () => {
  const read = readNumbers('x', (numbers) => numbers.length <= 2 && numbers.every(checks.count.is), 'a size')
  expect(read('192x256')).toEqual({ value: [192, 256] })
  for (const text of ['', '192x', '1x2x3', '0']) expect(read(text), text).toEqual({ problem: 'It must be a size.' })
})

test('a name, and the suggestion for a similar one', () => {
  const read = readName(['adamw', 'sgd'])
  expect(read('sgd')).toEqual({ value: 'sgd' })
  expect(read('adam')).toEqual({ problem: 'It must be adamw or sgd (did you mean adamw?).' })
  expect(read('lion-x')).toEqual({ problem: 'It must be adamw or sgd.' })
})

test('an amount has a suffix of the table, or no suffix if the table allows it', () => {
  const read = readQuantity({ '': 1, k: 1e3, MB: 1e6 }, 'an amount')
  expect(['30', '1.5k', '2 MB', '1.2e6'].map(read)).toEqual([30, 1500, 2e6, 1.2e6].map((value) => ({ value })))
  for (const text of ['', 'k', '0', '-1', '3 apples', '1.2.3', '1e999', '2toString'])
    expect(read(text), text).toEqual({ problem: 'It must be an amount.' })
  expect(readPositiveInteger('8')).toEqual({ value: 8 })
})
