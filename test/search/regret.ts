/**
 * The distance of an algorithm's best value from a known minimum after a number of trials. docs/search.md shows it
 * beside Optuna's figures, and tests check it. scripts/search-regret.js writes the table.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Algorithm } from '../../src/search/algorithms/algorithm.ts'
import { algorithmOf } from '../../src/search/algorithms/index.ts'
import { hypervolume } from '../../src/search/pareto.ts'
import type { Trial } from '../../src/search/trial.ts'
import { type Known, type KnownMinimum, minima, zdt1 } from './functions.ts'

export { minima }

export const budgets = [25, 50, 100]
export const seeds = Array.from({ length: 20 }, (_, seed) => seed)

/** Median, lower and upper quartile. */
export type Quartiles = readonly [median: number, lower: number, upper: number]

/** Quartiles by the method of Python's `statistics`, which computed Optuna's. */
export function quartilesOf(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => {
    const place = share * (sorted.length + 1) - 1
    const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
    return low + (place % 1) * (high - low)
  }
  return [at(0.5), at(0.25), at(0.75)]
}

/** The trials of a study with one worker. */
export function search(algorithm: Algorithm, known: Known, seed: number, budget: number): Trial[] {
  const problem = { space: known.space, objectives: known.objectives, seed }
  const trials: Trial[] = []
  for (let number = 0; number < budget; number++) {
    const point = algorithm.ask(problem, trials, number)
    trials.push({ number, point, state: 'complete', values: known.values(point), reports: [] })
  }
  return trials
}

/** The regret after each budget, over all seeds. */
export function regretOf(algorithm: Algorithm, known: KnownMinimum): Quartiles[] {
  const regrets = seeds.map((seed) => {
    const values = search(algorithm, known, seed, budgets.at(-1)!).map((trial) => trial.values![0])
    return budgets.map((budget) => Math.min(...values.slice(0, budget)) - known.minimum)
  })
  return budgets.map((_, i) => quartilesOf(regrets.map((row) => row[i])))
}

export const reference = [1.1, 1.1]

/** The hypervolume of ZDT1 after `budget` trials, over all seeds. */
export const volumeOf = (algorithm: Algorithm, budget: number): Quartiles =>
  quartilesOf(
    seeds.map((seed) =>
      hypervolume(
        search(algorithm, zdt1, seed, budget).map((trial) => trial.values!),
        reference,
      ),
    ),
  )

interface OptunaFigures {
  readonly optuna: string
  readonly regret: Readonly<Record<string, readonly Quartiles[]>>
  readonly hypervolume: Readonly<Record<string, Quartiles>>
}
export const optuna = JSON.parse(
  readFileSync(join(process.cwd(), 'test/fixtures/optuna.json'), 'utf8'),
) as OptunaFigures

const figure = ([median, lower, upper]: Quartiles): string => {
  const [m, l, u] = [median, lower, upper].map((x) => x.toFixed(4))
  return `${m} (${l} to ${u})`
}
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** The algorithms of the table, each with the sampler of Optuna that it is compared with. */
export const rivals: Readonly<Record<string, string | undefined>> = {
  random: 'random',
  evolution: undefined,
  tpe: 'tpe',
  gp: 'gp',
  reinforce: undefined,
  nsga2: undefined,
}

const regrets = new Map<string, Quartiles[]>()

/** {@link regretOf} by name with default options, computed once. */
export function regretBy(algorithm: string, name: keyof typeof minima): Quartiles[] {
  const both = `${algorithm} ${name}`
  const known = regrets.get(both) ?? regretOf(algorithmOf(algorithm), minima[name])
  regrets.set(both, known)
  return known
}

/** The rows of one function and algorithm. */
export function regretRows(name: keyof typeof minima, algorithm: string): string[] {
  const rival = rivals[algorithm]
  return [
    row(name, `\`${algorithm}\``, ...regretBy(algorithm, name).map(figure)),
    ...(rival ? [row(name, `Optuna, ${rival}`, ...optuna.regret[`${name}, ${rival}`].map(figure))] : []),
  ]
}

/** The algorithms of the second table: number of trials, and Optuna's sampler. */
export const volumes: Readonly<Record<string, readonly [number, string]>> = {
  random: [500, 'random'],
  nsga2: [500, 'nsga-ii'],
  tpe: [200, 'tpe (200)'],
}

const computed = new Map<string, Quartiles>()

/** {@link volumeOf} by name with default options, computed once. */
export function volumeBy(algorithm: string): Quartiles {
  const volume = computed.get(algorithm) ?? volumeOf(algorithmOf(algorithm), volumes[algorithm][0])
  computed.set(algorithm, volume)
  return volume
}

export function volumeRows(algorithm: string): string[] {
  const [budget, rival] = volumes[algorithm]
  return [
    row(`\`${algorithm}\``, `${budget}`, figure(volumeBy(algorithm))),
    row(`Optuna, ${rival.replace(/ .*/, '')}`, `${budget}`, figure(optuna.hypervolume[rival])),
  ]
}

export const regretHead = [
  row('function', 'algorithm', ...budgets.map((n) => `after ${n}`)),
  row('---', '---', ...budgets.map(() => '---')),
]
export const volumeHead = [row('algorithm', 'trials', 'hypervolume'), row('---', '---', '---')]

/** A text with the rows of the table under `head` replaced. */
export function withTable(text: string, head: readonly string[], rows: readonly string[]): string {
  const [before, after] = text.split(`${head.join('\n')}\n`)
  if (after === undefined) throw new Error(`there is no table ${head[0]}`)
  const rest = after.slice(/^(\|.*\n)*/.exec(after)![0].length)
  return `${before}${[...head, ...rows].join('\n')}\n${rest}`
}
