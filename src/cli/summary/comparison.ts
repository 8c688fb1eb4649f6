/**
 * A network beside its twin of standard convolutions: what each costs, how long each takes here, and the formula that
 * says why.
 */
import { quartiles, size } from '../../core/index.ts'
import type { Costs, Pair } from '../../door/index.ts'
import type { Engine } from '../../engine/index.ts'
import type { Network } from '../../nn/index.ts'
import type { CostColumn } from '../../report/index.ts'
import { count } from '../../report/index.ts'
import { timeRounds } from '../bench/timing.ts'
import { type Column, table } from '../terminal/terminal.ts'

const timedRounds = 200

/** Median milliseconds for one image on `engine`, of all networks in turn. */
export async function timeNetworks(engine: Engine, models: readonly Network[], signal: AbortSignal): Promise<number[]> {
  const programs = await Promise.all(
    models.map((model) => engine.compile(model.graph(), { weights: model.weights, freeze: true })),
  )
  try {
    const x = new Float32Array(size(models[0].inputShape))
    const bodies = programs.map((program) => () => program.run({ x }))
    const times = await timeRounds(bodies, { warmup: 30, rounds: timedRounds, signal })
    return times.map((t) => quartiles(t).median)
  } finally {
    for (const program of programs) program.dispose()
  }
}

const pairColumns: readonly Column<Pair>[] = [
  { title: 'layer', cell: (p) => p.name },
  { title: 'N', cell: (p) => p.N },
  { title: 'K', cell: (p) => p.K },
  { title: 'depthwise + pointwise', cell: (p) => p.separable },
  { title: 'standard', cell: (p) => p.standard },
  { title: 'ratio', align: 'right', cell: (p) => p.ratio.toFixed(4) },
  { title: '1/N + 1/K^2', align: 'right', cell: (p) => p.formula.toFixed(4) },
]

/** The formula at each layer in which the two differ by it; nothing where they do not. */
export function formulaLines(pairs: readonly Pair[]): string[] {
  return pairs.length === 0 ? [] : table(pairColumns, pairs)
}

/** What the formula says of these two networks, in sentences. */
export function formulaNotes(pairs: readonly Pair[]): string[] {
  const sum = (key: 'separable' | 'standard') => pairs.reduce((n, pair) => n + pair[key], 0)
  const [separable, standard] = [sum('separable'), sum('standard')]
  return [
    'A depthwise convolution of K x K and a pointwise one with N outputs cost 1/N + 1/K^2 of the standard convolution ' +
      'that they replace (Howard et al. 2017, section 3.1).',
    `Here these layers have ${count(separable)} multiply-adds in place of ${count(standard)}: ` +
      `${(separable / standard).toFixed(4)} of them, or ${(standard / separable).toFixed(1)} times fewer.`,
    `Time: median of ${timedRounds} runs of one image on one thread, both networks in turn.`,
  ]
}

export const comparisonLines = (columns: readonly CostColumn[]): string[] => {
  const [own, other] = columns
  const row = (name: string, of: (c: CostColumn) => number, show: (n: number) => string) => ({
    name,
    own: show(of(own)),
    other: show(of(other)),
    ratio: `${(of(other) / of(own)).toFixed(2)} x`,
  })
  const rows = [
    row('parameters', (c) => c.parameters, count),
    row('multiply-adds', (c) => c.macs, count),
    row(
      'ms per image, one thread',
      (c) => c.latencyMs,
      (n) => n.toFixed(3),
    ),
  ]
  return table(
    [
      { title: '', cell: (r: (typeof rows)[number]) => r.name },
      { title: own.name, align: 'right', cell: (r) => r.own },
      { title: other.name, align: 'right', cell: (r) => r.other },
      { title: 'ratio', align: 'right', cell: (r) => r.ratio },
    ],
    rows,
  )
}

export const columnOf = (name: string, { analysis }: Costs, latencyMs: number): CostColumn => ({
  name,
  parameters: analysis.total.parameters,
  macs: analysis.total.macs,
  latencyMs,
})
