/** Makes the parts of a study from its plan and the resources of the machine that works on it. Reads no files. */
import { oneOf, UsageError } from '../../core/index.ts'
import { type Dataset, fingerprint, type LoaderPool } from '../../data/index.ts'
import type { Engine } from '../../engine/index.ts'
import { type NamedTable, namedResource } from '../../latency/index.ts'
import {
  algorithmOf,
  assertReachable,
  assertTrials,
  kFoldEvaluation,
  networkOf,
  type Point,
  prunerOf,
  type Study,
  type StudyParts,
  studyOf,
  type TrainingSetup,
  trainingEvaluation,
  trainingOf,
} from '../../search/index.ts'
import { memberName, type OptionName } from '../option-name.ts'
import { type Judging, resourcesIn, type SearchPlan } from './search.ts'
import { assertTableUse } from './table.ts'
import { batchOf, type PlannedData } from './training.ts'

/** The resources of the machine that works on a study. */
export interface SearchMachine extends Pick<TrainingSetup, 'keep'> {
  readonly opened: PlannedData & { readonly val?: Dataset | undefined }
  readonly engine: Engine
  readonly pool?: LoaderPool
  /** Latency table of the target device. */
  readonly table?: NamedTable
}

export interface PreparedSearch {
  readonly study: Study
  readonly parts: StudyParts
}

/** Throws a `UsageError` if a plan does not use the given latency table, or needs one that is missing. */
export const assertTableSuits = (plan: SearchPlan, table: string | undefined, called: OptionName = memberName): void =>
  assertTableUse(
    resourcesIn(plan).includes('latencyMs'),
    table,
    `but the search does not use latency: leave it out, or give ${oneOf(['budget', 'minimize', 'target'].map(called))}`,
    called,
  )

/** The demands on networks beside accuracy: each resource once, as an objective, a budget, or both. */
const demandsOf = (plan: SearchPlan, table: NamedTable | undefined) =>
  resourcesIn(plan).map((name) => ({
    ...namedResource(name, table),
    ...(plan.minimize.includes(name) && { minimize: true }),
    ...(Object.hasOwn(plan.budgets, name) && { atMost: plan.budgets[name] }),
  }))

/**
 * Makes the parts of a study. Throws if they do not fit together, or if no network meets a budget; `called` names
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
  for (const { name: resource, value, atMost: most } of demands)
    if (most !== undefined) assertReachable(space, { resource, most }, (point) => value(build(point, 0)))
  const setup: TrainingSetup = {
    networkOf: build,
    trainingOf: (point: Point) => ({ batch: batchOf(train.length), ...trainingOf(point) }),
    ...{ engine, epochs, preprocessing, demands },
    ...(pool && { pool }),
    ...(keep && { keep }),
  }
  if (!folds && !val)
    throw new UsageError(
      `${called('validation')} 0: no images are left to evaluate networks on: hold some out, or use ${called('folds')}`,
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
