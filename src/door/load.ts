/** Loads a model file into a classifier. */

import { assertOptions, type Checks, checks } from '../core/index.ts'
import type { Preprocessing } from '../data/index.ts'
import type { Engine } from '../engine/index.ts'
import { type Provenance, readModelFile } from '../formats/index.ts'
import { restoreWith } from '../models/index.ts'
import { type Network, type NetworkKit, trainable } from '../nn/index.ts'
import type { FetchOptions, ModelSource, Reader } from '../platform/index.ts'
import { Classifier } from './classifier.ts'
import type { EngineOptions } from './engine.ts'

/** Options of `load`. */
export interface LoadOptions extends EngineOptions, FetchOptions {}

const members: Checks<LoadOptions> = {
  engine: checks.given,
  threads: checks.given,
  deterministic: checks.given,
  signal: checks.given,
  onProgress: checks.given,
}

/** The content of the model file of a network that classifies. */
export interface OpenedModel {
  readonly network: Network
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  readonly provenance: Provenance
}

/**
 * Reads the model file of any network, with an architecture or a graph; `what` names it in errors. The network's `meta`
 * has what the file has. Rejects if its parts do not fit.
 */
export const openNetwork = (bytes: Uint8Array, what: string): Promise<Network> => networkIn(trainable, bytes, what)

/** Reads the model file of a network that classifies, as {@link openNetwork}. Rejects for other networks. */
export const openModel = (bytes: Uint8Array, what: string): Promise<OpenedModel> => openWith(trainable, bytes, what)

async function openWith(kit: NetworkKit, bytes: Uint8Array, what: string): Promise<OpenedModel> {
  const network = await networkIn(kit, bytes, what)
  const { classes, preprocessing, provenance } = network.meta
  // A network of an architecture classifies, and its file has both.
  if (!network.architecture) (await import('./file-checks.ts')).assertClassifies(network, what)
  return { network, classes: classes!, preprocessing: preprocessing!, provenance: provenance as Provenance }
}

async function networkIn(kit: NetworkKit, bytes: Uint8Array, what: string): Promise<Network> {
  const file = readModelFile(bytes, what)
  const { classes, preprocessing, provenance } = file
  const network = await restoreWith(kit, file, what)
  const [height, width] = preprocessing?.size ?? network.inputShape
  const fits = network.inputShape.join() === [height, width, 3].join()
  // The error texts are in a module that most pages never load.
  if ((classes && classes.length !== network.classes) || (preprocessing && !fits))
    (await import('./file-checks.ts')).assertParts(network, file, what)
  network.meta = { ...(classes && { classes }), ...(preprocessing && { preprocessing }), provenance }
  return network
}

/** The environment of `load`: reads files and images, and provides network parts and engines. */
export interface RunHost extends Reader {
  readonly kit: NetworkKit
  engineOf(options: EngineOptions): Engine
}

/** Loads a model in the environment `host`. */
export async function loadOn(host: RunHost, source: ModelSource, options: LoadOptions = {}): Promise<Classifier> {
  assertOptions('load', options, members)
  const engine = host.engineOf(options)
  const { bytes, name } = await host.read(source, options)
  options.signal?.throwIfAborted()
  const opened = await openWith(host.kit, bytes, name)
  const model = new Classifier({ ...opened, engine, decode: host.decode })
  await model.prepare()
  if (!options.signal?.aborted) return model
  model.dispose()
  throw options.signal.reason
}
