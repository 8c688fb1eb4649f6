/**
 * A network beside its twin of standard convolutions: what each costs, how long each takes here, and what the formula
 * says of them.
 */
import { quartiles, size } from '../../core/index.ts'
import type { Engine } from '../../engine/index.ts'
import type { Network } from '../../nn/index.ts'
import { type CostColumn, count } from '../../report/index.ts'
import type { Costs, Pair } from '../costs.ts'
import { timeRounds } from '../timing.ts'

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

/** A network's costs and latency, as a column of the comparison. */
export const columnOf = (name: string, { analysis }: Costs, latencyMs: number): CostColumn => ({
  name,
  parameters: analysis.total.parameters,
  macs: analysis.total.macs,
  latencyMs,
})
