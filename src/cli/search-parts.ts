/** What the options of `kinglet search` make: a study, and the parts that work on it. */
import { existsSync, readFileSync } from 'node:fs'
import { UsageError } from '../core/index.ts'
import type { LoaderPool } from '../data/index.ts'
import type { OpenedData } from '../data/node.ts'
import { engineOf } from '../engine.ts'
import {
  algorithmOf,
  assertReachable,
  type Budget,
  type Demand,
  isNetworkSpace,
  joinSpaces,
  keepInFolder,
  kFoldEvaluation,
  networkOf,
  type Objective,
  type Point,
  prunerOf,
  type ResourceName,
  type Reward,
  readSpace,
  resourceNames,
  type Space,
  type Study,
  type StudyParts,
  showResource,
  spaceNames,
  spaceOf,
  studyOf,
  trainingEvaluation,
  trainingOf,
} from '../search/node.ts'
import { resourceOfBudget } from './adaptation.ts'
import { batchOf } from './beginning.ts'
import { percent } from './format.ts'
import type { SearchCommandOptions } from './search-options.ts'

/** Largest side of photos, when nobody says. */
const photoSize = 128

async function sizeOf({ kind, train }: OpenedData, size: number | undefined): Promise<number> {
  if (size !== undefined) return size
  if (kind === 'folder') return photoSize
  const { width, height } = await train.image(0)
  return Math.max(width, height)
}

/** The space that names and files, with commas between them, make together. */
export function spaceNamed(text: string, size: number): Space {
  const spaces = text.split(',').map((name) => {
    if (!(spaceNames as readonly string[]).includes(name) && existsSync(name))
      return readSpace(readFileSync(name, 'utf8'), name)
    return spaceOf(name, { size })
  })
  return spaces.length === 1 ? spaces[0] : joinSpaces(...spaces)
}

/** What is asked of networks beside accuracy: each resource once, as an objective, a budget, or both. */
function demandsOf({ budget, minimize, target, table }: SearchCommandOptions): Demand[] {
  const wanted = new Set<ResourceName>([...minimize, ...(target ? [target.resource] : [])])
  const most = new Map(budget.map((b) => [b.resource, b.most]))
  return resourceNames
    .filter((name) => wanted.has(name) || most.has(name))
    .map((name) => {
      // Only latencies are looked up in a table.
      const resource = resourceOfBudget({ resource: name, most: 1 }, name === 'latencyMs' ? table : undefined)
      const atMost = most.get(name)
      return {
        name,
        of: (model) => resource.value(model),
        ...(wanted.has(name) && { minimize: true }),
        ...(atMost !== undefined && { atMost }),
      }
    })
}

const rewardOf = ({ target, exponents: [alpha, beta] }: SearchCommandOptions): Reward | undefined =>
  target && { kind: 'mnasnet', value: 'accuracy', cost: target.resource, target: target.most, alpha, beta }

export interface Prepared {
  readonly study: Study
  readonly parts: StudyParts
}

/** Opens space, evaluation, algorithm and pruner. Throws where the options do not fit together, or a budget is met by none. */
export async function prepareSearch(
  name: string,
  opened: OpenedData,
  options: SearchCommandOptions,
  pool: LoaderPool,
): Promise<Prepared> {
  const { algorithm, budget, epochs, folds, preprocessing, pruner, seed, trials } = options
  const size = await sizeOf(opened, options.size)
  const space = spaceNamed(options.space, size)
  if (!isNetworkSpace(space))
    throw new UsageError(
      `--space ${options.space}: it has no networks: join it with one that has, v3-small,${options.space}`,
    )
  const { classes, train, val } = opened
  const build = (point: Point, own: number) => networkOf(space, point, { classes: classes.length, size, seed: own })
  const demands = demandsOf(options)
  for (const { resource, most } of budget) assertMet(space, { resource, most }, demands, build)
  const setup = {
    networkOf: build,
    trainingOf: (point: Point) => ({ batch: batchOf(train.length), ...trainingOf(point) }),
    ...{ engine: engineOf(options), epochs, preprocessing, pool, demands, keep: keepInFolder },
  }
  if (!folds && !val)
    throw new UsageError('--validation 0: no images are left to judge networks by: hold some out, or use --folds')
  const evaluator = folds
    ? kFoldEvaluation({ ...setup, data: train, folds })
    : trainingEvaluation({ ...setup, data: { train, val: val! } })
  const reward = rewardOf(options)
  const parts: StudyParts = {
    ...{ space, evaluator },
    algorithm: algorithmOf(algorithm, reward ? { reward } : {}),
    ...(pruner && { pruner: prunerOf(pruner, { max: epochs, trials }) }),
  }
  const evaluatorOptions = { epochs, size, preprocessing, classes, images: train.length, ...(folds && { folds }) }
  const budgets = Object.fromEntries(budget.map((b) => [b.resource, b.most]))
  return { study: studyOf({ name, trials, seed, evaluatorOptions, budgets, ...parts }), parts }
}

function assertMet(
  space: Space,
  budget: Budget,
  demands: readonly Demand[],
  build: (point: Point, seed: number) => ReturnType<typeof networkOf>,
): void {
  const { of } = demands.find((d) => d.name === budget.resource)!
  assertReachable(space, budget, (point) => of(build(point, 0)) as number)
}

/** How values of an objective are written: accuracies in per cent, resources with their unit. */
export function showObjective({ name }: Objective, value: number): string {
  const resource = resourceNames.find((own) => own === name)
  return resource ? showResource(resource, value) : percent(value)
}
