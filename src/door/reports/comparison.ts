/** Compares a network with its twin of standard convolutions: costs, time on this machine, and the formula. */
import { quartiles, size } from '../../core/index.ts'
import type { Engine } from '../../engine/index.ts'
import type { Network } from '../../nn/index.ts'
import { type CostColumn, count } from '../../report/index.ts'
import type { Costs, Pair } from '../costs.ts'
import { timeRounds } from '../timing.ts'

const timedRounds = 200

/** Returns the median milliseconds per image of each network on `engine`, timed in interleaved rounds. */
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

/** Explains the formula and its values for these two networks, in sentences. */
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

/** Makes a column of the comparison from the costs and the latency of a network. */
export const columnOf = (name: string, { analysis }: Costs, latencyMs: number): CostColumn => ({
  name,
  parameters: analysis.total.parameters,
  macs: analysis.total.macs,
  latencyMs,
})
