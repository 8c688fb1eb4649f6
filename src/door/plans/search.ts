/**
 * The plan of a search: all that decides what its trials come to, but for the images and the latency table. It is made of
 * what a person asks for, or of what a study says of itself, where another machine works on it. Reads no files.
 */
import { assert } from '../../core/index.ts'
import type { PreprocessingName } from '../../data/index.ts'
import { type Budget, type ResourceName, resourceNames } from '../../latency/index.ts'
import { type NetworkSpace, type PrunerName, readSpace, type Space, type Study } from '../../search/index.ts'
import { memberName, type OptionName } from '../option-name.ts'
import { assertNetworks } from './space.ts'

/** Marks studies whose parts can be made of what they say of themselves. It stands in files of studies. */
const begunBy = 'kinglet search'

/** How networks are judged: what a study keeps as the options of its evaluator. With another value it is another study. */
export interface Judging {
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

export interface SearchPlan extends Pick<Study, 'name' | 'seed' | 'trials' | 'budgets' | 'algorithm' | 'pruner'> {
  readonly space: NetworkSpace
  /** Objectives beside accuracy. */
  readonly minimize: readonly ResourceName[]
  readonly judging: Omit<Judging, 'classes' | 'images' | 'data' | 'table'>
}

/** What a person may ask of a search. */
export interface SearchPlanOptions {
  /** What the study is called. */
  readonly name: string
  readonly seed: number
  readonly trials: number
  readonly space: Space
  /** Largest side of an image. */
  readonly size: number
  readonly algorithm: string
  readonly pruner?: PrunerName
  readonly budget?: readonly Budget[]
  /** Objectives beside accuracy. */
  readonly minimize?: readonly ResourceName[]
  /** One reward in place of objectives: accuracy x (resource / target)^w, MnasNet's. */
  readonly target?: Budget
  /** The w of `target`, below it and above it. Default -0.07 on both sides. */
  readonly exponents?: readonly [below: number, above: number]
  readonly epochs: number
  readonly folds?: number
  readonly preprocessing: PreprocessingName
  readonly validation: number
}

/** Plans a search. Throws a `UsageError` for a space that has no networks; `called` names options in errors. */
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
    // In the order of their demands, which is that of violations.
    budgets: Object.fromEntries(
      resourceNames.flatMap((resource) => budget.filter((b) => b.resource === resource).map((b) => [resource, b.most])),
    ),
    algorithm: { name: algorithm, options: reward ? { reward } : {} },
    ...(pruner && { pruner: { name: pruner, options: { max: folds ?? epochs } } }),
    minimize: [...minimize, ...(target ? [target.resource] : [])],
    judging: { begunBy, epochs, ...(folds && { folds }), size, preprocessing, validation },
  }
}

/** The share that is held out: none where every image is in one of the folds. */
export const heldOut = ({ folds, validation }: { readonly folds?: number; readonly validation: number }): number =>
  folds ? 0 : validation

/** How a study judges. Throws a `KingletError` for one whose parts someone else has to say. */
export function judgingOf({ name, evaluator }: Study, called: OptionName = memberName): Judging {
  const judging = evaluator.options as unknown as Judging
  assert(
    judging.begunBy === begunBy,
    `study ${name}: ${begunBy} did not begin it: say what its parts are, with ${called('parts')}`,
  )
  return judging
}

/** The plan that a study says of itself; `place` says in errors where it is. */
export function planOfStudy(study: Study, place: string, called: OptionName = memberName): SearchPlan {
  const space = readSpace(JSON.stringify(study.space), place)
  assertNetworks(space, called)
  const minimize = study.objectives.slice(1).map((objective) => objective.name as ResourceName)
  return { ...study, space, minimize, judging: judgingOf(study, called) }
}

/** The resources that a plan speaks of. */
export const resourcesIn = ({ budgets, minimize }: SearchPlan): ResourceName[] =>
  resourceNames.filter((name) => minimize.includes(name) || Object.hasOwn(budgets, name))
