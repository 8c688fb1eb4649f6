/** The network with which a training run begins, and what is done to an image before it. */

import type { Io } from '../../cli/index.ts'
import { networkArguments, openModelFile, parseNetwork, refuseArguments } from '../../cli/index.ts'
import { type Preprocessing, type PreprocessingName, preprocessingPreset } from '../../data/index.ts'
import type { OpenedData } from '../../data/node.ts'
import { type BuildOptions, build, isModel, reductionFor } from '../../models/index.ts'
import { classifierOf, type Network, withClasses } from '../../nn/index.ts'
import { count } from '../../report/index.ts'
import { transfer } from '../../train/index.ts'
import { preprocessingFor } from '../preprocessing.ts'

/** Side of the network's input for photos, when nobody says: a compromise of time and detail. */
export const photoSize = 128
export const defaultModel = 'mobilenet_v3_small'

/**
 * Images in a step when nobody says: fewer in a small set, so that an epoch has ten steps. Batch norm's running
 * statistics follow the weights by steps, and a run of a dozen steps would end long before they have.
 */
export const batchOf = (images: number): number => [32, 16].find((batch) => images / batch >= 10) ?? Math.min(8, images)

/** Options of `train` that decide it, beside the arguments of `build`. */
export interface BeginOptions {
  readonly model?: string
  /** A model file. */
  readonly from?: string
  readonly preprocessing?: PreprocessingName
  readonly seed: number
}

/** The size that the images themselves have, where they are small and all alike. */
async function sizeOf({ kind, train }: OpenedData): Promise<number | readonly [number, number]> {
  if (kind === 'folder') return photoSize
  const { width, height } = await train.image(0)
  return [height, width]
}

/** The same network with first weights, for as many classes. */
function begun(network: Network, classes: number, seed: number): Network {
  if (!isModel(network)) return withClasses(network, classes, { seed })
  const { name, options } = network.architecture
  return build(name, { ...options, classes, seed } as BuildOptions)
}

/** The network to begin with, and what is done to an image before it. */
export async function begin(
  io: Io,
  opened: OpenedData,
  options: BeginOptions,
): Promise<{ readonly network: Network; readonly preprocessing: Preprocessing }> {
  const { from, model: name = defaultModel, seed, preprocessing } = options
  const { classes } = opened
  const given = networkArguments(options as unknown as Readonly<Record<string, unknown>>)
  const known = from === undefined ? undefined : await openModelFile(from)
  let network: Network
  if (known && from) {
    refuseArguments(from, given)
    network = begun(known.network, classes.length, seed)
    const isSame = known.classes.join('\n') === classes.join('\n')
    const { loaded, anew } = transfer(network, known.network.weights, isSame ? {} : { anew: classifierOf(network) })
    io.stderr.write(`${from}: ${count(loaded.length)} tensors taken over, ${count(anew.length)} begin anew\n`)
  } else {
    const size = given.size ?? (await sizeOf(opened))
    const side = typeof size === 'number' ? size : Math.min(...size)
    network = parseNetwork(name, { reduction: reductionFor(side), ...given, size, classes: classes.length, seed })
  }
  const [height, width] = network.inputShape
  return {
    network,
    preprocessing:
      preprocessing === undefined
        ? (known?.preprocessing ?? preprocessingFor(network))
        : preprocessingPreset(preprocessing, [height, width]),
  }
}
