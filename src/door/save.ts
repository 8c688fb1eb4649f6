/** Saves a network as a model file. */

import { assert, assertOptions, type Checks, checks } from '../core/index.ts'
import type { Preprocessing } from '../data/index.ts'
import { contentsOf, type Provenance, provenanceNow, writeModelFile } from '../formats/index.ts'
import { restore } from '../models/index.ts'
import { assertClassifier, assertWeights, calledOf, type Network } from '../nn/index.ts'
import type { Platform } from '../platform/index.ts'
import { type Classifier, networkGiven } from './classifier.ts'
import { assertFits } from './load.ts'
import { preprocessingFor } from './preprocessing.ts'

/**
 * Content of a model file beside the weights. Defaults are the values of the last `train` or `load` of this network.
 */
export interface SaveOptions {
  /** Class names in the order of the logits. Required, if not known, for a network that classifies; others have none. */
  readonly classes?: readonly string[]
  readonly preprocessing?: Preprocessing
  /** Origin of the model; merged with the known provenance. */
  readonly provenance?: Omit<Provenance, 'kinglet' | 'created'>
}

const { given } = checks
const members: Checks<SaveOptions> = { classes: given, preprocessing: given, provenance: given }

/**
 * Returns the bytes of a model file, as `save` writes it, for `load`, an upload or a database. A network that does not
 * classify is saved without class names, and without preprocessing unless it is given; `restoreNetwork` of
 * `kinglet/models` reads it. Throws a `KingletError` if the class names of one that does are neither given nor known, if
 * they are given for one that does not, or if the weights are not finite.
 *
 * @example
 * ```ts
 * import { build, load, toBytes } from 'kinglet'
 *
 * const net = build('mobilenet_v2', { width: 0.1, size: 32, classes: 2 })
 * const bytes = toBytes(net, { classes: ['cat', 'dog'], provenance: { trainedOn: 'nothing yet' } })
 * using model = await load(bytes)
 * model.classes // => ['cat', 'dog']
 * model.provenance.trainedOn // => 'nothing yet'
 * ```
 */
export function toBytes(model: Network | Classifier, options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
  const net = networkGiven('save', model)
  assertOptions('save', options, members)
  const known = net.meta
  const classes = options.classes ?? known.classes
  assertNames(net, classes)
  const isClassifier = net.classes !== undefined
  const preprocessing =
    options.preprocessing ?? known.preprocessing ?? (isClassifier ? preprocessingFor(net) : undefined)
  const { architecture, weights, declared } = net
  // Checks now that the file can be loaded, not long after the training.
  if (architecture) restore(architecture, weights, 'save')
  else assertWeights(declared, weights, 'save', 'its graph')
  if (preprocessing) assertFits(preprocessing, net, 'save')
  const provenance = provenanceNow({ ...known.provenance, ...options.provenance })
  const contents = { ...contentsOf(net), ...(classes && { classes }), ...(preprocessing && { preprocessing }) }
  return writeModelFile({ ...contents, provenance })
}

/** Throws unless each class of the network has a name, and no names are given for a network without classes. */
function assertNames(net: Network, classes: readonly string[] | undefined): void {
  if (net.classes === undefined && !classes) return
  assertClassifier(net, 'save: class names')
  const name = calledOf(net)
  assert(
    classes,
    `save: the names of the ${net.classes} classes of ${name} are not known: give { classes: [...] } or train it first`,
  )
  assert(
    classes.length === net.classes,
    () =>
      `save: ${classes.length} classes are named (${classes.slice(0, 3).join(', ')}${classes.length > 3 ? ', ...' : ''}), ${name} has ${net.classes}: ` +
      'name each of its outputs',
  )
}

/** Saves a model on `platform`. */
export const saveOn = async (
  platform: Platform,
  model: Network | Classifier,
  to: string | URL,
  options?: SaveOptions,
): Promise<void> => platform.write(to, toBytes(model, options))
