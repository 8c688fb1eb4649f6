/** Compares algorithms with known minima, and the tables of docs/search.md with the results. */
import { describe, expect, test } from 'vitest'
import { algorithmNames, algorithmOf } from '../../src/search/algorithms/index.ts'
import { textOf } from '../support/sources.ts'
import { minima } from './functions.ts'
import { optuna, quartilesOf, regretBy, regretHead, regretRows, volumeBy, volumeRows, withTable } from './regret.ts'

const names = Object.keys(minima) as (keyof typeof minima)[]
const medianOf = (algorithm: string, name: keyof typeof minima): number => regretBy(algorithm, name)[2][0]

test("quartiles equal those of Python's statistics module", () => {
  // statistics.quantiles([1, 2, 4, 8, 16, 32], n=4): [1.75, 6.0, 20.0]
  expect(quartilesOf([32, 1, 16, 2, 8, 4])).toEqual([6, 1.75, 20])
})

describe.each(names)('%s', (name) => {
  const random = medianOf('random', name)

  test("random search does as well as Optuna's", () => {
    expect(random).toBeLessThanOrEqual(optuna.regret[`${name}, random`][2][2])
  })

  test("tpe does as well as Optuna's: at or below its upper quartile, and except on Hartmann-6 its median", () => {
    const [median, , upper] = optuna.regret[`${name}, tpe`][2]
    expect(medianOf('tpe', name)).toBeLessThanOrEqual(name === 'hartmann6' ? upper : median)
  })

  test.each(['evolution', 'tpe', 'reinforce'])('%s is clearly better than random search', (algorithm) => {
    expect(medianOf(algorithm, name)).toBeLessThan(0.75 * random)
  })
})

test("nsga2's hypervolume of zdt1 is at or above the median of Optuna's", () => {
  expect(volumeBy('nsga2')[0]).toBeGreaterThanOrEqual(optuna.hypervolume['nsga-ii'][0])
})

test('the tables of docs/search.md have these figures (node scripts/search-regret.js writes them)', () => {
  const text = textOf('docs/search.md')
  const rows = names.flatMap((name) =>
    ['random', 'evolution', 'tpe'].flatMap((algorithm) => regretRows(name, algorithm)),
  )
  for (const row of [...rows, ...volumeRows('nsga2')]) expect(text).toContain(`\n${row}\n`)
})

test('a table is replaced whole, and the text around it stays', () => {
  const text = ['a', '', ...regretHead, '| old |', '| old |', '', 'b', ''].join('\n')
  expect(withTable(text, regretHead, ['| new |'])).toBe(['a', '', ...regretHead, '| new |', '', 'b', ''].join('\n'))
  expect(() => withTable('a', regretHead, [])).toThrow('there is no table | function')
})

test('the table of algorithms has all of them, with the defaults of their options', () => {
  const told = [...textOf('docs/search.md').matchAll(/^\| `(\w+)` \| .* \| ([^|(]*) \|$/gm)].filter(([, name]) =>
    algorithmNames.includes(name),
  )
  const expected = algorithmNames.map((name) => {
    const options = Object.entries(algorithmOf(name).options)
    return [name, options.map(([option, value]) => `\`${option}: ${value}\``).join(', ')]
  })
  expect(told.map(([, name, options]) => [name, options.trim()])).toEqual(expected)
})
