/** The parts of a study, made of its plan and of what is on the machine that works on it. Reads no files. */
import { oneOf, UsageError } from '../../core/index.ts'
import { type Dataset, fingerprint, type LoaderPool } from '../../data/index.ts'
import type { Engine } from '../../engine/index.ts'
import { latencyOf, type NamedTable } from '../../latency/index.ts'
import {
  algorithmOf,
  assertReachable,
  assertTrials,
  type Demand,
  kFoldEvaluation,
  networkOf,
  type Point,
  prunerOf,
  type ResourceName,
  resourceOf,
  type Study,
  type StudyParts,
  studyOf,
  type TrainingSetup,
  trainingEvaluation,
  trainingOf,
} from '../../search/index.ts'
import { memberName, type OptionName } from '../option-name.ts'
import { type Judging, resourcesIn, type SearchPlan } from './search.ts'
import { batchOf, type PlannedData } from './training.ts'

/** What is on the machine that works on a study. */
export interface SearchMachine extends Pick<TrainingSetup, 'keep'> {
  readonly opened: PlannedData & { readonly val?: Dataset | undefined }
  readonly engine: Engine
  readonly pool?: LoaderPool
  /** Of the device for which networks are searched. */
  readonly table?: NamedTable
}

export interface PreparedSearch {
  readonly study: Study
  readonly parts: StudyParts
}

const isTimed = (plan: SearchPlan): boolean => resourcesIn(plan).includes('latencyMs')

/** Throws a `UsageError` for a latency table that a plan has no use for, and where it lacks one. */
export function assertTableSuits(plan: SearchPlan, table: string | undefined, called: OptionName = memberName): void {
  if (table !== undefined && !isTimed(plan))
    throw new UsageError(
      `${called('table')}: ${table} is a latency table, and nothing is asked of latency: leave it out, or give ` +
        oneOf(['budget', 'minimize', 'target'].map(called)),
    )
  if (table === undefined && isTimed(plan))
    throw new UsageError(
      `latency needs a table of the device: give one with ${called('table')}, which kinglet measure writes`,
    )
}

/** What is asked of networks beside accuracy: each resource once, as an objective, a budget, or both. */
const demandsOf = (plan: SearchPlan, file: NamedTable | undefined): Demand[] =>
  resourcesIn(plan).map((name) => ({
    name,
    of: (model) => (name === 'latencyMs' ? latencyOf(file!.table, model, file!.name) : resourceOf(model, name)),
    ...(plan.minimize.includes(name) && { minimize: true }),
    ...(Object.hasOwn(plan.budgets, name) && { atMost: plan.budgets[name] }),
  }))

/**
 * Makes the parts of a study. Throws where they do not fit together, or where no network meets a budget; `called` names
 * options in errors.
 */
export function prepareSearch(
  plan: SearchPlan,
  machine: SearchMachine,
  called: OptionName = memberName,
): PreparedSearch {
  const { name, seed, trials, budgets, space, algorithm, pruner, judging } = plan
  const { epochs, folds, size, preprocessing } = judging
  const { opened, engine, pool, table, keep } = machine
  const { classes, train, val } = opened
  const build = (point: Point, own: number) => networkOf(space, point, { classes: classes.length, size, seed: own })
  assertTableSuits(plan, table?.name, called)
  const demands = demandsOf(plan, table)
  for (const [resource, most] of Object.entries(budgets) as [ResourceName, number][]) {
    const { of } = demands.find((demand) => demand.name === resource)!
    assertReachable(space, { resource, most }, (point) => of(build(point, 0)) as number)
  }
  const setup: TrainingSetup = {
    networkOf: build,
    trainingOf: (point: Point) => ({ batch: batchOf(train.length), ...trainingOf(point) }),
    ...{ engine, epochs, preprocessing, demands },
    ...(pool && { pool }),
    ...(keep && { keep }),
  }
  if (!folds && !val)
    throw new UsageError(
      `${called('validation')} 0: no images are left to judge networks by: hold some out, or use ${called('folds')}`,
    )
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
    ...(table && { table: table.checksum }),
  }
  return { study: studyOf({ name, trials, seed, budgets, evaluatorOptions: { ...evaluatorOptions }, ...parts }), parts }
}
