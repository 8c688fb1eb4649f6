/**
 * The parts of a study of `kinglet search`: made of its options where it begins, and of what the study says of itself
 * where a worker on another machine goes on with it.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { EngineOptions, SearchCommandOptions } from '../../cli/index.ts'
import { openTableFile, type TableFile } from '../../cli/index.ts'
import { assert, UsageError } from '../../core/index.ts'
import { fingerprint, type LoaderPool, type PreprocessingName } from '../../data/index.ts'
import type { OpenedData } from '../../data/node.ts'
import { latencyOf } from '../../latency/index.ts'
import { percent } from '../../report/index.ts'
import {
  algorithmOf,
  assertReachable,
  assertTrials,
  type Demand,
  isNetworkSpace,
  joinSpaces,
  keepInFolder,
  kFoldEvaluation,
  type NetworkSpace,
  networkOf,
  type Objective,
  type Point,
  prunerOf,
  type ResourceName,
  type Reward,
  readSpace,
  resourceNames,
  resourceOf,
  type Space,
  type Study,
  type StudyParts,
  showResource,
  spaceNames,
  spaceOf,
  studyOf,
  trainingEvaluation,
  trainingOf,
} from '../../search/node.ts'
import { engineOf } from '../engine.ts'
import { batchOf, photoSize } from './node-training.ts'

const begunBy = 'kinglet search'

/** How networks are judged: what a study keeps as the options of its evaluator. With another value it is another study. */
interface Judging {
  readonly begunBy: typeof begunBy
  readonly epochs: number
  readonly folds?: number
  /** Largest side of an image. */
  readonly size: number
  readonly preprocessing: PreprocessingName
  /** Share of each class that is held out where the data has no split of its own. */
  readonly validation: number
  readonly classes: readonly string[]
  /** Training images, and what they are known by. */
  readonly images: number
  readonly data: string
  /** Checksum of the latency table. */
  readonly table?: string
}

/** Everything that decides what trials come to, but for the data and the table themselves. */
export interface SearchPlan extends Pick<Study, 'name' | 'seed' | 'trials' | 'budgets' | 'algorithm' | 'pruner'> {
  readonly space: Space
  /** Objectives beside accuracy. */
  readonly minimize: readonly ResourceName[]
  readonly judging: Omit<Judging, 'classes' | 'images' | 'data' | 'table'>
}

/** What is on the machine that works on it. */
export interface SearchMachine {
  readonly opened: OpenedData
  readonly pool: LoaderPool
  readonly engine: EngineOptions
  /** A file of `kinglet measure`. */
  readonly table?: string | undefined
}

async function sizeOf({ kind, train }: OpenedData, size: number | undefined): Promise<number> {
  if (size !== undefined) return size
  if (kind === 'folder') return photoSize
  const { width, height } = await train.image(0)
  return Math.max(width, height)
}

/** The space that names and files, with commas between them, make together. */
export function spaceNamed(text: string, size: number | undefined): Space {
  const spaces = text.split(',').map((name) => {
    if (!(spaceNames as readonly string[]).includes(name) && (existsSync(name) || /[./\\]/.test(name))) {
      if (!existsSync(name)) throw new UsageError(`--space ${name}: there is no such file`)
      return readSpace(readFileSync(name, 'utf8'), name)
    }
    return spaceOf(name, size === undefined ? {} : { size })
  })
  return spaces.length === 1 ? spaces[0] : joinSpaces(...spaces)
}

/** Throws a `UsageError` for a space of training alone. */
export function assertNetworks(space: Space): asserts space is NetworkSpace {
  if (!isNetworkSpace(space))
    throw new UsageError(`--space ${space.name}: it has no networks: join it with one that has, v3-small,${space.name}`)
}

/** The share that is held out: every image is in one of the folds. */
export const heldOut = ({ folds, validation }: Pick<Judging, 'folds' | 'validation'>): number =>
  folds ? 0 : validation

/** What the options of `kinglet search` ask for. */
export async function planned(name: string, opened: OpenedData, options: SearchCommandOptions): Promise<SearchPlan> {
  const { algorithm, budget, epochs, folds, minimize, preprocessing, pruner, seed, target, trials } = options
  const size = await sizeOf(opened, options.size)
  const [alpha, beta] = options.exponents
  const reward = target && {
    kind: 'mnasnet',
    value: 'accuracy',
    cost: target.resource,
    target: target.most,
    alpha,
    beta,
  }
  return {
    ...{ name, seed, trials, space: spaceNamed(options.space, size) },
    // In the order of their demands, which is that of violations.
    budgets: Object.fromEntries(
      resourceNames.flatMap((resource) => budget.filter((b) => b.resource === resource).map((b) => [resource, b.most])),
    ),
    algorithm: { name: algorithm, options: reward ? { reward } : {} },
    ...(pruner && { pruner: { name: pruner, options: { max: folds ?? epochs } } }),
    minimize: [...minimize, ...(target ? [target.resource] : [])],
    judging: { begunBy, epochs, ...(folds && { folds }), size, preprocessing, validation: options.validation },
  }
}

/** How a study judges. Throws a `KingletError` for one that something else began. */
export function judgingOf({ name, evaluator }: Study): Judging {
  const judging = evaluator.options as unknown as Judging
  assert(
    judging.begunBy === begunBy,
    `study ${name}: ${begunBy} did not begin it: say what its parts are, with --parts`,
  )
  return judging
}

/** What a study asks for that `kinglet search` began; `place` says in errors where it is. */
export const plannedBy = (study: Study, place: string): SearchPlan => ({
  ...study,
  space: readSpace(JSON.stringify(study.space), place),
  minimize: study.objectives.slice(1).map((objective) => objective.name as ResourceName),
  judging: judgingOf(study),
})

/** The resources that a plan speaks of. */
const demanded = ({ budgets, minimize }: SearchPlan): ResourceName[] =>
  resourceNames.filter((name) => minimize.includes(name) || Object.hasOwn(budgets, name))

/** What is asked of networks beside accuracy: each resource once, as an objective, a budget, or both. */
function demandsOf(plan: SearchPlan, file: TableFile | undefined): Demand[] {
  const { budgets, minimize } = plan
  return demanded(plan).map((name) => ({
    name,
    of: (model) => (name === 'latencyMs' ? latencyOf(file!.table, model, file!.path) : resourceOf(model, name)),
    ...(minimize.includes(name) && { minimize: true }),
    ...(Object.hasOwn(budgets, name) && { atMost: budgets[name] }),
  }))
}

export interface Prepared {
  readonly study: Study
  readonly parts: StudyParts
}

/** Makes the parts of a study. Throws where they do not fit together, or where no network meets a budget. */
export function prepareSearch(plan: SearchPlan, { opened, pool, engine, table }: SearchMachine): Prepared {
  const { name, seed, trials, budgets, space, algorithm, pruner, judging } = plan
  const { epochs, folds, size, preprocessing } = judging
  assertNetworks(space)
  const { classes, train, val } = opened
  const build = (point: Point, own: number) => networkOf(space, point, { classes: classes.length, size, seed: own })
  const isTimed = demanded(plan).includes('latencyMs')
  if (!isTimed && table !== undefined)
    throw new UsageError(
      `--table: ${table} is a latency table, and nothing is asked of latency: leave it out, or give --budget, --minimize or --target`,
    )
  const file = isTimed ? openTableFile(table) : undefined
  const demands = demandsOf(plan, file)
  for (const [resource, most] of Object.entries(budgets) as [ResourceName, number][]) {
    const { of } = demands.find((demand) => demand.name === resource)!
    assertReachable(space, { resource, most }, (point) => of(build(point, 0)) as number)
  }
  const setup = {
    networkOf: build,
    trainingOf: (point: Point) => ({ batch: batchOf(train.length), ...trainingOf(point) }),
    ...{ engine: engineOf(engine), epochs, preprocessing, pool, demands, keep: keepInFolder },
  }
  if (!folds && !val)
    throw new UsageError('--validation 0: no images are left to judge networks by: hold some out, or use --folds')
  const parts: StudyParts = {
    space,
    evaluator: folds
      ? kFoldEvaluation({ ...setup, data: train, folds })
      : trainingEvaluation({ ...setup, data: { train, val: val! } }),
    algorithm: algorithmOf(algorithm.name, algorithm.options),
    ...(pruner && { pruner: prunerOf(pruner.name, { ...pruner.options, trials }) }),
  }
  assertTrials(parts.algorithm, { space, objectives: parts.evaluator.objectives, seed }, trials)
  const evaluatorOptions: Judging = {
    ...judging,
    ...{ classes, images: train.length, data: fingerprint(train) },
    ...(file && { table: file.checksum }),
  }
  return { study: studyOf({ name, trials, seed, budgets, evaluatorOptions: { ...evaluatorOptions }, ...parts }), parts }
}

/** How a reward is written: `accuracy x (latency / 2.0 ms)^w, w -0.07 below and -0.07 above`. */
export function showReward({ options }: Study['algorithm']): string | undefined {
  const { reward } = options as { readonly reward?: Reward }
  if (reward?.kind !== 'mnasnet') return reward && JSON.stringify(reward.weights)
  const { value, cost, target, alpha, beta = alpha } = reward
  const unit = resourceNames.find((own) => own === cost)
  return `${value} x (${cost} / ${unit ? showResource(unit, target) : target})^w, w ${alpha} below and ${beta} above`
}

/** How values of an objective are written: accuracies in per cent, resources with their unit. */
export function showObjective({ name }: Objective, value: number): string {
  const resource = resourceNames.find((own) => own === name)
  if (resource) return showResource(resource, value)
  return name === 'accuracy' ? percent(value) : String(Number(value.toPrecision(6)))
}
