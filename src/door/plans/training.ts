/**
 * The plan of a training run: makes the initial network and its preprocessing from the images and options. Defaults
 * depend on the images. Reads no files.
 */
import { type Dataset, type Preprocessing, type PreprocessingName, preprocessingPreset } from '../../data/index.ts'
import { type BuildOptions, build, isModel, reductionFor } from '../../models/index.ts'
import { classifierOf, type Network, withClasses } from '../../nn/index.ts'
import { transfer } from '../../train/index.ts'
import type { OpenedModel } from '../load.ts'
import { assertNoArguments, parseNetwork } from '../networks.ts'
import { memberName, type OptionName } from '../option-name.ts'
import { preprocessingFor } from '../preprocessing.ts'

/** Default side of the network's input for photos: a compromise between time and detail. */
const photoSize = 128
export const defaultModel = 'mobilenet_v3_small'

/**
 * The default number of images per step: fewer for a small set, so that an epoch has ten steps. The running statistics
 * of batch norm follow the weights step by step, and a run of a dozen steps would end before they have converged.
 */
export const batchOf = (images: number): number => [32, 16].find((batch) => images / batch >= 10) ?? Math.min(8, images)

/** Images to plan for: a result of `openDataset`, or a set and its classes. */
export interface PlannedData {
  /** `folder`: files of any size. In other kinds all images have the size of the first. */
  readonly kind?: string
  readonly classes: readonly string[]
  readonly train: Dataset
}

/** Returns the default input size of a network: the size of the images if all have the same, else that for photos. */
export async function inputSizeFor({ kind, train }: PlannedData): Promise<readonly [height: number, width: number]> {
  if (kind === 'folder') return [photoSize, photoSize]
  const { width, height } = await train.image(0)
  return [height, width]
}

/** Options for the network of a training run. */
export interface TrainingPlanOptions {
  /** A registered network, in the form that `parseNetwork` accepts. Default {@link defaultModel}. */
  readonly model?: string
  /** Arguments of `build`. */
  readonly build?: BuildOptions
  /** A model file to take network and weights from, instead of `model` and `build`; `name` is for errors. */
  readonly from?: { readonly name: string; readonly model: OpenedModel }
  /** Default: that of the model file, else the network's. */
  readonly preprocessing?: PreprocessingName
  /** Seed of the initial weights. */
  readonly seed: number
}

export interface TrainingPlan {
  readonly network: Network
  readonly preprocessing: Preprocessing
  /** With `from`: names of the tensors loaded from the file, and of those with initial values. */
  readonly transferred?: { readonly loaded: readonly string[]; readonly anew: readonly string[] }
}

/** Plans a training run. Throws a `UsageError` for an unknown network; `called` names options in errors. */
export async function planTraining(
  data: PlannedData,
  options: TrainingPlanOptions,
  called: OptionName = memberName,
): Promise<TrainingPlan> {
  const { from, preprocessing } = options
  const { network, transferred } = from ? continued(data, from, options, called) : await fresh(data, options)
  const [height, width] = network.inputShape
  return {
    network,
    preprocessing:
      preprocessing === undefined
        ? (from?.model.preprocessing ?? preprocessingFor(network))
        : preprocessingPreset(preprocessing, [height, width]),
    ...(transferred && { transferred }),
  }
}

type First = Pick<TrainingPlan, 'network' | 'transferred'>

/** The network of a model file for the classes of the images. If the classes differ, the classifier is new. */
function continued(
  { classes }: PlannedData,
  { name, model }: NonNullable<TrainingPlanOptions['from']>,
  { build: given = {}, seed }: TrainingPlanOptions,
  called: OptionName,
): First {
  assertNoArguments(name, given, called)
  const network = withFirstWeights(model.network, classes.length, seed)
  const isSame = model.classes.join('\n') === classes.join('\n')
  const anew = isSame ? [] : classifierOf(network)
  return { network, transferred: transfer(network, model.network.weights, { anew }) }
}

/** The same network for a number of classes, with initial weights. */
function withFirstWeights(network: Network, classes: number, seed: number): Network {
  if (!isModel(network)) return withClasses(network, classes, { seed })
  const { name, options } = network.architecture
  return build(name, { ...options, classes, seed } as BuildOptions)
}

/** A registered network with initial weights. */
async function fresh(data: PlannedData, options: TrainingPlanOptions): Promise<First> {
  const { model = defaultModel, build: given = {}, seed } = options
  const size = given.size ?? (await inputSizeFor(data))
  const side = typeof size === 'number' ? size : Math.min(...size)
  const own = { reduction: reductionFor(side), ...given, size, classes: data.classes.length, seed }
  return { network: parseNetwork(model, own) }
}
