/**
 * Shared parts of evaluation strategies for networks. A function that the caller gives makes the network of a point.
 * The costs of a network can be objectives beside its accuracy, budgets, or both.
 */
import { assert, UsageError } from '../../core/index.ts'
import { type Dataset, loader, type PreprocessingName, preprocessingPreset } from '../../data/index.ts'
import type { Resource } from '../../latency/index.ts'
import type { Model } from '../../models/index.ts'
import type { Point } from '../space/space.ts'
import type { Objective } from '../trial.ts'
import type { Outcome } from './evaluator.ts'

/**
 * Makes the network of a point, with its initial weights. `seed` is the trial's, for networks that draw their weights.
 */
export type NetworkOf = (point: Point, seed: number) => Model | Promise<Model>

/** A demand on a network beside its accuracy. At least one of `minimize` and `atMost` is given. */
export type Demand = DemandedResource & {
  /** Makes the resource an objective. */
  readonly minimize?: boolean
  /** A budget. A cost above it counts as a violation. */
  readonly atMost?: number
}

/** A resource. A measured one may return a promise. `of` is another name of `value`. */
type DemandedResource =
  | Resource<number | Promise<number>>
  | { readonly name: string; of(model: Model): number | Promise<number> }

export const accuracy: Objective = { name: 'accuracy', direction: 'maximize' }

/** For strategies that evaluate several times: the standard deviation of the accuracies. */
export const accuracySpread: Objective = { name: 'accuracySpread', direction: 'minimize' }

/** The objectives that demands add. Throws a `UsageError` for a demand with neither `minimize` nor `atMost`. */
export function objectivesOf(demands: readonly Demand[]): Objective[] {
  for (const { name, minimize, atMost } of demands)
    if (!minimize && atMost === undefined)
      throw new UsageError(`demand ${name}: neither minimize nor atMost is given: give one, or leave it out`)
  return demands.filter((d) => d.minimize).map(({ name }) => ({ name, direction: 'minimize' }))
}

/** The costs of a network, as part of an outcome. */
export type Costs = Required<Pick<Outcome, 'values' | 'violations'>>

/** Computes or measures the costs of `model`. Throws a `KingletError` for a cost that is not finite. */
export async function costsOf(model: Model, demands: readonly Demand[]): Promise<Costs> {
  const values: number[] = []
  const violations: number[] = []
  for (const demand of demands) {
    const { name, minimize, atMost } = demand
    const cost = await ('of' in demand ? demand.of(model) : demand.value(model))
    assert(Number.isFinite(cost), `demand ${name}: the network's is ${cost}: it must be a finite number`)
    if (minimize) values.push(cost)
    if (atMost !== undefined) violations.push(cost - atMost)
  }
  return { values, violations }
}

/** The outcome with the values `first`, followed by the costs. */
export const outcome = (first: readonly number[], costs: Costs, files: Outcome['files'] = {}): Outcome => ({
  values: [...first, ...costs.values],
  ...(costs.violations.length > 0 && { violations: costs.violations }),
  ...(Object.keys(files).length > 0 && { files }),
})

/** The preprocessing of this name for the input size of `model`. */
export const preprocessingFor = ({ inputShape: [height, width] }: Model, name: PreprocessingName = 'whole') =>
  preprocessingPreset(name, [height, width])

/** A batch of images with their targets, as in training. */
export interface LabelledBatch {
  /** NHWC. */
  readonly x: Float32Array
  /** [N, classes], one-hot. */
  readonly targets: Float32Array
}

/**
 * Draws `count` batches for `model` in a random order, which depends on the seed alone. A small set is used repeatedly.
 */
export async function drawBatches(
  model: Model,
  dataset: Dataset,
  options: { readonly count: number; readonly batch: number; readonly seed: number; readonly name?: PreprocessingName },
): Promise<LabelledBatch[]> {
  const { count, batch, seed, name } = options
  assert(
    batch <= dataset.length,
    `evaluate: a batch of ${batch} is larger than the set of ${dataset.length} images: use a batch of at most ` +
      `${dataset.length}`,
  )
  const found: LabelledBatch[] = []
  const order = { batch, seed, shuffle: true, dropLast: true, preprocessing: preprocessingFor(model, name) }
  for (let epoch = 0; found.length < count; epoch++)
    for await (const { x, targets } of loader(dataset, { ...order, epoch }))
      if (found.push({ x, targets }) === count) break
  return found
}
