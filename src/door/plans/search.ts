/**
 * The plan of a search: everything that determines its trials, except the images and the latency table. It is made from
 * the options of a search, or from a study that another machine has created. Reads no files.
 */
import { assert } from '../../core/index.ts'
import type { PreprocessingName } from '../../data/index.ts'
import { type Budget, type ResourceName, resourceNames } from '../../latency/index.ts'
import { type NetworkSpace, type PrunerName, readSpace, type Space, type Study } from '../../search/index.ts'
import { memberName, type OptionName } from '../option-name.ts'
import { assertNetworks } from './space.ts'

/** Marks studies whose parts can be made from the study itself. Part of the file format of studies. */
const begunBy = 'kinglet search'

/** How networks are evaluated. A study records this as the options of its evaluator; other values are another study. */
export interface Judging {
  readonly begunBy: typeof begunBy
  readonly epochs: number
  readonly folds?: number
  /** Largest side of the input image. */
  readonly size: number
  readonly preprocessing: PreprocessingName
  /** Share of each class that is held out if the data has no split. */
  readonly validation: number
  readonly classes: readonly string[]
  /** Number of training images. */
  readonly images: number
  /** Fingerprint of the training images. */
  readonly data: string
  /** Checksum of the latency table. */
  readonly table?: string
}

export interface SearchPlan extends Pick<Study, 'name' | 'seed' | 'trials' | 'budgets' | 'algorithm' | 'pruner'> {
  readonly space: NetworkSpace
  /** Objectives beside accuracy. */
  readonly minimize: readonly ResourceName[]
  readonly judging: Omit<Judging, 'classes' | 'images' | 'data' | 'table'>
}

/** Options of a search. */
export interface SearchPlanOptions {
  /** Name of the study. */
  readonly name: string
  readonly seed: number
  readonly trials: number
  readonly space: Space
  /** Largest side of the input image. */
  readonly size: number
  readonly algorithm: string
  readonly pruner?: PrunerName
  readonly budget?: readonly Budget[]
  /** Objectives beside accuracy. */
  readonly minimize?: readonly ResourceName[]
  /** MnasNet's reward in place of several objectives: accuracy x (resource / target)^w. */
  readonly target?: Budget
  /** The exponents w below and above `target`. Default -0.07 for both. */
  readonly exponents?: readonly [below: number, above: number]
  readonly epochs: number
  readonly folds?: number
  readonly preprocessing: PreprocessingName
  readonly validation: number
}

/** Plans a search. Throws a `UsageError` for a space without networks; `called` names options in errors. */
export function planSearch(options: SearchPlanOptions, called: OptionName = memberName): SearchPlan {
  const { name, seed, trials, space, size, algorithm, pruner, budget = [], minimize = [], target } = options
  const { epochs, folds, preprocessing, validation } = options
  assertNetworks(space, called)
  const [alpha, beta] = options.exponents ?? [-0.07, -0.07]
  const reward = target && {
    ...{ kind: 'mnasnet', value: 'accuracy' },
    ...{ cost: target.resource, target: target.most, alpha, beta },
  }
  return {
    ...{ name, seed, trials, space },
    // In the order of the demands, which is also that of the violations.
    budgets: Object.fromEntries(
      resourceNames.flatMap((resource) => budget.filter((b) => b.resource === resource).map((b) => [resource, b.most])),
    ),
    algorithm: { name: algorithm, options: reward ? { reward } : {} },
    ...(pruner && { pruner: { name: pruner, options: { max: folds ?? epochs } } }),
    minimize: [...minimize, ...(target ? [target.resource] : [])],
    judging: { begunBy, epochs, ...(folds && { folds }), size, preprocessing, validation },
  }
}

/** The share of images to hold out: none with folds, since every image is in one of them. */
export const heldOut = ({ folds, validation }: { readonly folds?: number; readonly validation: number }): number =>
  folds ? 0 : validation

/** Returns how a study evaluates networks. Throws a `KingletError` for a study that `kinglet search` did not create. */
export function judgingOf({ name, evaluator }: Study, called: OptionName = memberName): Judging {
  const judging = evaluator.options as unknown as Judging
  assert(
    judging.begunBy === begunBy,
    `study ${name}: ${begunBy} did not create it: give its parts with ${called('parts')}`,
  )
  return judging
}

/** Makes the plan of an existing study; `place` names it in errors. */
export function planOfStudy(study: Study, place: string, called: OptionName = memberName): SearchPlan {
  const space = readSpace(JSON.stringify(study.space), place)
  assertNetworks(space, called)
  const minimize = study.objectives.slice(1).map((objective) => objective.name as ResourceName)
  return { ...study, space, minimize, judging: judgingOf(study, called) }
}

/** The resources that a plan uses as objectives or budgets. */
export const resourcesIn = ({ budgets, minimize }: SearchPlan): ResourceName[] =>
  resourceNames.filter((name) => minimize.includes(name) || Object.hasOwn(budgets, name))
