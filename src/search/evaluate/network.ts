/**
 * What evaluation strategies of networks share: a point's network comes from a function that they are given, and what the
 * network costs can be an objective beside its accuracy, a budget, or both.
 */
import { assert, UsageError } from '../../core/index.ts'
import { type Dataset, loader, type PreprocessingName, preprocessingPreset } from '../../data/index.ts'
import type { Resource } from '../../latency/index.ts'
import type { Model } from '../../models/index.ts'
import type { Point } from '../space/space.ts'
import type { Objective } from '../trial.ts'
import type { Outcome } from './evaluator.ts'

/** The network that a point describes, with its first weights; `seed` is the trial's, for those that draw them anew. */
export type NetworkOf = (point: Point, seed: number) => Model | Promise<Model>

/** What is asked of a network beside its accuracy. One of `minimize` and `atMost` at least. */
export type Demand = DemandedResource & {
  /** It is an objective. */
  readonly minimize?: boolean
  /** A budget: what is above it counts as a violation. */
  readonly atMost?: number
}

/** A resource; one that is measured may take its time. `of` is another name of `value`. */
type DemandedResource =
  | Resource<number | Promise<number>>
  | { readonly name: string; of(model: Model): number | Promise<number> }

export const accuracy: Objective = { name: 'accuracy', direction: 'maximize' }

/** Of strategies that judge several times: how far apart the accuracies are. */
export const accuracySpread: Objective = { name: 'accuracySpread', direction: 'minimize' }

/** The objectives that demands add. Throws a `UsageError` for a demand that asks for nothing. */
export function objectivesOf(demands: readonly Demand[]): Objective[] {
  for (const { name, minimize, atMost } of demands)
    if (!minimize && atMost === undefined)
      throw new UsageError(`demand ${name}: neither minimize nor atMost is given: give one, or leave it out`)
  return demands.filter((d) => d.minimize).map(({ name }) => ({ name, direction: 'minimize' }))
}

/** What a network costs, as an outcome has it. */
export type Costs = Required<Pick<Outcome, 'values' | 'violations'>>

/** Counts or measures `model`. Throws a `KingletError` for a cost that is no number. */
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

/** An outcome of these values first, then the costs. */
export const outcome = (first: readonly number[], costs: Costs, files: Outcome['files'] = {}): Outcome => ({
  values: [...first, ...costs.values],
  ...(costs.violations.length > 0 && { violations: costs.violations }),
  ...(Object.keys(files).length > 0 && { files }),
})

/** The preprocessing of that name for what `model` takes in. */
export const preprocessingFor = ({ inputShape: [height, width] }: Model, name: PreprocessingName = 'whole') =>
  preprocessingPreset(name, [height, width])

/** A batch of images with their targets, as training sees them. */
export interface LabelledBatch {
  /** NHWC. */
  readonly x: Float32Array
  /** [N, classes], one-hot. */
  readonly targets: Float32Array
}

/** `count` batches for `model` in a random order, the same ones for the same seed; a small set is gone through again. */
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
