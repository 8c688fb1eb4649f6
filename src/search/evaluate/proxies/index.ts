/**
 * Zero-cost proxies: predictions of a network's accuracy from its initial weights, without training. Before relying on
 * one, check how it ranks networks of known accuracy: `compareProxies` in `search/proxy-comparison.ts`.
 */
import { assert, nearest, oneOf, UsageError } from '../../../core/index.ts'
import type { Dataset, PreprocessingName } from '../../../data/index.ts'
import type { Engine } from '../../../engine/index.ts'
import { analyse } from '../../../graph/index.ts'
import type { Model } from '../../../models/index.ts'
import type { Evaluator } from '../evaluator.ts'
import { costsOf, type Demand, drawBatches, type NetworkOf, objectivesOf, outcome } from '../network.ts'
import { gradNorm, zico } from './gradients.ts'
import { naswot } from './naswot.ts'
import type { ZeroCostProxy } from './proxy.ts'
import { synflow } from './synflow.ts'

const counted = (what: 'parameters' | 'macs', says: string): ZeroCostProxy => ({
  says,
  batches: 0,
  score: async ({ net }) => analyse(net.graph()).total[what],
})

const proxies = {
  parameters: counted('parameters', 'number of trained parameters: what every other proxy must beat'),
  macs: counted('macs', 'multiply-adds of one image'),
  gradNorm,
  synflow,
  naswot,
  zico,
} satisfies Record<string, ZeroCostProxy>

export type ProxyName = keyof typeof proxies
export const proxyNames = Object.keys(proxies) as readonly ProxyName[]

function proxyOf(name: string): ZeroCostProxy {
  if (Object.hasOwn(proxies, name)) return proxies[name as ProxyName]
  const meant = nearest(name, proxyNames)
  throw new UsageError(`there is no proxy ${name}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(proxyNames)}`)
}

/** Describes a proxy in one line. Throws a `UsageError` for an unknown name. */
export const describeProxy = (name: string): string => proxyOf(name).says

export interface ProxyOptions {
  readonly engine: Engine
  /** Images. Not needed for `parameters`, `macs` and `synflow`. */
  readonly data?: Dataset
  /** Images in a batch. Default 32, or the whole set if that is smaller. */
  readonly batch?: number
  /** Number of batches, for proxies that use several. Default 2. */
  readonly batches?: number
  /** Seed of the choice of images. Default 0, and the same for all networks. */
  readonly seed?: number
  readonly preprocessing?: PreprocessingName
}

/**
 * Scores `model`; higher is better. Throws a `UsageError` for an unknown proxy, or one that needs images where none are
 * given, and a `KingletError` where a proxy has no score for this network.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { proxyScores } from 'kinglet/search'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const score = (width: number) =>
 *   proxyScores(build('mobilenet_v1', { width, size: 16, classes: 2 }), ['parameters', 'synflow'], {
 *     engine: wasmEngine({ threads: 1 }),
 *   })
 * const [narrow, wide] = [await score(0.1), await score(0.2)]
 * narrow.parameters < wide.parameters // => true
 * narrow.synflow < wide.synflow // => true
 * ```
 */
export async function proxyScores<N extends ProxyName>(
  model: Model,
  names: readonly N[],
  options: ProxyOptions,
): Promise<Record<N, number>> {
  const asked = names.map((name) => [name, proxyOf(name)] as const)
  const { engine, data, batches = 2, seed = 0, preprocessing: name } = options
  if (!(Number.isInteger(batches) && batches > 1))
    throw new UsageError(`proxies: batches is ${batches}: it must be an integer, 2 or more`)
  const hungry = asked.find(([, proxy]) => proxy.batches > 0)
  if (hungry && !data) throw new UsageError(`proxy ${hungry[0]}: no data is given: it needs images`)
  const batch = options.batch ?? Math.min(32, data?.length ?? 1)
  const drawn =
    hungry && data ? await drawBatches(model, data, { count: batches, batch, seed, ...(name && { name }) }) : []
  const found: Partial<Record<N, number>> = {}
  for (const [proxyName, proxy] of asked) {
    const score = await proxy.score({ net: model, engine, batches: drawn })
    assert(
      Number.isFinite(score),
      `proxy ${proxyName}: its score is ${score}: it must be finite: use another proxy for this network`,
    )
    found[proxyName] = score
  }
  return found as Record<N, number>
}

export interface ProxyEvaluationOptions extends ProxyOptions {
  readonly networkOf: NetworkOf
  /** Each is an objective, to be maximised. */
  readonly proxies: readonly ProxyName[]
  /** Objectives and budgets beside the proxies. */
  readonly demands?: readonly Demand[]
}

/**
 * Evaluates points by proxies alone. It takes seconds and is as good as the proxies' ranking. A point without a score
 * fails with the reason.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { proxyEvaluation } from 'kinglet/search'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const evaluator = proxyEvaluation({
 *   networkOf: ({ width }) => build('mobilenet_v1', { width: Number(width), size: 16, classes: 2 }),
 *   proxies: ['parameters'],
 *   engine: wasmEngine({ threads: 1 }),
 * })
 * const context = { number: 0, seed: 1, signal: new AbortController().signal, report: async () => {} }
 * const { values } = await evaluator.evaluate({ width: 0.25 }, context)
 * values // => [213586]
 * ```
 */
export function proxyEvaluation(options: ProxyEvaluationOptions): Evaluator {
  const { networkOf, proxies: names, demands = [], ...rest } = options
  for (const name of names) proxyOf(name)
  return {
    name: 'proxy',
    objectives: [...names.map((name) => ({ name, direction: 'maximize' }) as const), ...objectivesOf(demands)],
    async evaluate(point, { seed }) {
      const model = await networkOf(point, seed)
      const scores = await proxyScores(model, names, rest)
      return outcome(
        names.map((name) => scores[name]),
        await costsOf(model, demands),
      )
    },
  }
}
