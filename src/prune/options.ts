/** Options of a run of NetAdapt, with their defaults and checks. */
import { assertOptions, type Checks, checks, UsageError } from '../core/index.ts'
import type { Dataset, LoaderPool, Preprocessing } from '../data/index.ts'
import { fingerprint } from '../data/index.ts'
import type { Engine } from '../engine/index.ts'
import { checksumOf, identityOf } from '../formats/index.ts'
import type { Resource } from '../latency/index.ts'
import type { Network } from '../nn/index.ts'
import { optimizerOf, resolveTrainOptions, ruleOf, type TrainOptions } from '../train/index.ts'
import type { CountLimits } from './counts.ts'
import type { Group } from './groups.ts'
import {
  nameOf,
  type Pace,
  type PaceName,
  type PaceRule,
  type ProposalName,
  type ProposalRule,
  paceOf,
  proposalRuleOf,
  type SelectionName,
  type SelectionRule,
  selectionRuleOf,
} from './rules.ts'
import type { AdaptIdentity, AdaptStore } from './store.ts'

/** How proposals are fine-tuned: the options of `fit`, except those that the run sets. */
export type Learning = Omit<TrainOptions, 'engine' | 'epochs' | 'preprocessing' | 'seed' | 'pool' | 'store' | 'signal'>

/** How a network is adapted. `engine`, `preprocessing`, `resource` and `budget` must be given. */
export interface AdaptOptions {
  readonly engine: Engine
  /** How an image is prepared for the network. */
  readonly preprocessing: Preprocessing
  /** What the budget limits: multiply-adds, a latency from a table, or any other number computed from a model. */
  readonly resource: Resource
  /** Upper bound of what the resulting network uses. */
  readonly budget: number
  /** Default `filters`. */
  readonly proposals?: ProposalName | ProposalRule
  /** Default `accuracy`. */
  readonly selection?: SelectionName | SelectionRule
  /** Default `fixed`, with a `delta` of 0.025. */
  readonly pace?: PaceName | Pace | PaceRule
  /** Counts of channels are multiples of this. Default 1. */
  readonly multiple?: number
  /** The smallest count that a group may shrink to. Default: the value of `multiple`. */
  readonly least?: number
  /** Steps of fine-tuning for each proposal; 0 for none. Default 100. */
  readonly steps?: number
  /** The default learning rate is a third of that for training from initial weights. */
  readonly training?: Learning
  /** Share of each class of the training images that is held out to judge proposals by. Default 0.1. */
  readonly holdout?: number
  /** Seed of every random choice. Default 0. */
  readonly seed?: number
  /** Threads that read and prepare images. */
  readonly pool?: LoaderPool
  /** Where the run is stored. In Node, `openAdaptation` stores it in a folder. */
  readonly store?: AdaptStore
  /** Ends the run after the current step of training. */
  readonly signal?: AbortSignal
}

const { count, whole, given } = checks
const members: Checks<AdaptOptions> = {
  engine: { is: (e) => typeof (e as Engine | null)?.compile === 'function', must: 'an engine' },
  preprocessing: given,
  resource: {
    is: (r) => typeof (r as Resource | null)?.value === 'function' && typeof (r as Resource).name === 'string',
    must: '{ name, value(model) }',
  },
  budget: checks.positive,
  proposals: given,
  selection: given,
  pace: given,
  multiple: count,
  least: count,
  steps: whole,
  training: given,
  holdout: checks.properShare,
  seed: whole,
  pool: given,
  store: given,
  signal: given,
}

/** All options with their defaults filled in, as the loop needs them. */
export interface AdaptPlan {
  readonly options: AdaptOptions
  readonly seed: number
  readonly steps: number
  readonly holdout: number
  readonly batch: number
  readonly learning: Learning
  readonly limits: CountLimits
  readonly groupsIn: (model: Network) => readonly Group[]
  readonly select: SelectionRule
  readonly cut: PaceRule
  readonly identity: AdaptIdentity
}

/** A third of the rate for training from initial weights, so that fine-tuning does not destroy the trained ones. */
export const fineTuningRate = (optimizer: Learning['optimizer'] = 'adamw'): number =>
  ruleOf(optimizerOf(optimizer)).learningRate / 3

/** Fills in the defaults of `options`. Throws for an unknown name or an invalid value. */
export function planOf(model: Network, train: Dataset, options: AdaptOptions): AdaptPlan {
  assertOptions('adapt', options, members)
  for (const name of ['engine', 'preprocessing', 'resource', 'budget'] as const)
    if (options[name] === undefined) throw new UsageError(`adapt: ${name} is missing: it must be given`)
  const { engine, resource, budget, multiple = 1, steps = 100, holdout = 0.1, seed = 0 } = options
  const { proposals = 'filters', selection = 'accuracy', pace = 'fixed', preprocessing } = options
  const { least = multiple } = options
  const learning = { learningRate: fineTuningRate(options.training?.optimizer), ...options.training }
  const training = resolveTrainOptions(model, train.length, { ...learning, engine, epochs: 1, preprocessing, seed })
  const { said, rule: cut } = paceOf(pace)
  return {
    ...{ options, seed, steps, holdout, learning, cut },
    batch: training.batch,
    limits: { multiple, least },
    groupsIn: proposalRuleOf(proposals),
    select: selectionRuleOf(selection),
    identity: {
      engine: engine.name,
      ...(engine.deterministic !== undefined && { deterministic: engine.deterministic }),
      architecture: identityOf(model),
      weights: checksumOf(model.weights),
      options: {
        resource: resource.name,
        ...(resource.source !== undefined && { source: resource.source }),
        ...{ budget, proposals: nameOf(proposals), selection: nameOf(selection), pace: said },
        ...{ multiple, least, steps, holdout, training },
      },
      data: { train: fingerprint(train) },
    },
  }
}
