/**
 * The model file: a `.safetensors` file. Its tensors have their names in the graph. Its metadata holds, as JSON:
 *
 * - `architecture`, or `graph` for a network that no table has
 * - `classes`: the names of the classes; optional beside a graph
 * - `preprocessing` of images; optional beside a graph
 * - `provenance`: where the network comes from
 * - `kinglet`: the kind of file, 1 with an architecture, 2 with a graph
 * - `checksum`: a CRC-32 of the tensors. The format has none, and a damaged file would still classify.
 *
 * This file does not check whether the tensors fit the network; `restoreNetwork` in `models` does.
 */
import { assert, isObject, KingletError, nonFinite, oneOf, type Tensor, version } from '../core/index.ts'
import { assertPreprocessing, type Preprocessing } from '../data/index.ts'
import { constantPrefix, type GraphJson } from '../graph/json/index.ts'
import type { Architecture, Provenance } from '../nn/index.ts'
import { checksumOf } from './crc32.ts'
import { viewSafetensors, writeSafetensors } from './safetensors.ts'

/** A trained network and everything needed to use it. It has either an `architecture` or a `graph`. */
export interface ModelFile {
  /** The architecture of a network that `build` makes. */
  readonly architecture?: Architecture
  /** The graph of any other network, in the declared form. */
  readonly graph?: GraphJson
  /** Values by name of all parameters, including running statistics, and of the graph's large constants. */
  readonly weights: Map<string, Tensor>
  /** Class names, in the order of the logits. Always there with an architecture. */
  readonly classes?: readonly string[]
  /** How an image is prepared for the network. Always there with an architecture. */
  readonly preprocessing?: Preprocessing
  readonly provenance: Provenance
}

/** Kinds of model files. A file of a later Kinglet may have a larger number. */
const kinds = { architecture: 1, graph: 2 } as const

/** The provenance of a model that this version makes now. */
export const provenanceNow = (known: Omit<Provenance, 'kinglet' | 'created'> = {}): Provenance => ({
  kinglet: version,
  created: new Date().toISOString(),
  ...known,
})

/**
 * Returns the bytes of a model file. Throws for NaN or infinity in the weights, and for classes that are not distinct
 * names.
 *
 * @example
 * ```ts
 * import { preprocessingPreset } from 'kinglet/data'
 * import { provenanceNow, readModelFile, writeModelFile } from 'kinglet/formats'
 * import { build } from 'kinglet/models'
 *
 * const net = build('mobilenet_v3_small', { width: 0.35, size: 32, classes: 2 })
 * const bytes = writeModelFile({
 *   architecture: net.architecture,
 *   weights: net.weights,
 *   classes: ['cat', 'dog'],
 *   preprocessing: preprocessingPreset('whole', 32),
 *   provenance: provenanceNow({ trainedOn: 'pets' }),
 * })
 * readModelFile(bytes).classes // => ['cat', 'dog']
 * ```
 */
export function writeModelFile(model: ModelFile): Uint8Array<ArrayBuffer> {
  const { architecture, graph, weights, classes, preprocessing, provenance } = model
  const kind = architecture ? 'architecture' : 'graph'
  assert(
    (architecture === undefined) !== (graph === undefined),
    'model: the network is not defined: give either its architecture or its graph',
  )
  if (preprocessing || architecture) assertPreprocessing(preprocessing, 'model')
  if (classes || architecture) assertClasses(classes, 'model')
  assertFinite(weights, 'model')
  const json = { [kind]: architecture ?? graph, classes, preprocessing, provenance }
  return writeSafetensors(weights, {
    kinglet: String(kinds[kind]),
    checksum: checksumOf(weights),
    ...Object.fromEntries(
      Object.entries(json).flatMap(([name, value]) => (value === undefined ? [] : [[name, JSON.stringify(value)]])),
    ),
  }) as Uint8Array<ArrayBuffer>
}

/**
 * Reads a model file. Errors call it `what`. Throws a `KingletError` for damaged or truncated bytes, for other files,
 * and for NaN or infinity in the weights. The weights are views of `bytes`, which must not change.
 */
export function readModelFile(bytes: Uint8Array, what = 'model'): ModelFile {
  const { tensors, metadata } = viewSafetensors(bytes, what)
  assert(
    metadata.kinglet_checkpoint === undefined,
    `${what}: the checkpoint of a training run, not a model: use a model file in the same folder`,
  )
  assert(
    metadata.kinglet !== undefined,
    `${what}: a .safetensors file without the network, classes and preprocessing of its tensors: use a file that ` +
      'kinglet train or save wrote',
  )
  const isKind = (kind: number) => Number(metadata.kinglet) === kind
  assert(
    Object.values(kinds).some(isKind),
    `${what}: a model file of kind ${metadata.kinglet}: this version of Kinglet (${version}) reads kinds ` +
      `${oneOf(Object.values(kinds).map(String))}: use a newer Kinglet`,
  )
  const network = isKind(kinds.graph)
    ? { graph: graphOf(metadata, what) }
    : { architecture: architectureOf(metadata, what) }
  const has = (name: keyof ModelFile) => isKind(kinds.architecture) || metadata[name] !== undefined
  const known = {
    ...(has('classes') && { classes: classesOf(metadata, what) }),
    ...(has('preprocessing') && { preprocessing: preprocessingOf(metadata, what) }),
  }
  const provenance = jsonOf(metadata, 'provenance', what) as Provenance
  assertWhole(tensors, metadata.checksum, what)
  return { ...network, weights: tensors, ...known, provenance }
}

function jsonOf(metadata: Readonly<Record<string, string>>, name: keyof ModelFile, what: string): unknown {
  const text = metadata[name]
  assert(text !== undefined, `${what}: its metadata has no ${name}: the file is not whole, write it again`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KingletError(`${what}: ${name} in its metadata is not JSON: the file is damaged`, { cause })
  }
}

/** Parses the graph as JSON. `restoreNetwork` in `models` checks its content. */
function graphOf(metadata: Readonly<Record<string, string>>, what: string): GraphJson {
  const value = jsonOf(metadata, 'graph', what)
  assert(isObject(value), `${what}: graph in its metadata is not an object: the file is damaged`)
  return value as unknown as GraphJson
}

function architectureOf(metadata: Readonly<Record<string, string>>, what: string): Architecture {
  const value = jsonOf(metadata, 'architecture', what)
  const { name, options } = (value ?? {}) as Partial<Record<keyof Architecture, unknown>>
  assert(
    typeof name === 'string' && typeof options === 'object' && options !== null,
    () => `${what}: architecture is ${JSON.stringify(value)}: it must have a name and options`,
  )
  return value as Architecture
}

function classesOf(metadata: Readonly<Record<string, string>>, what: string): readonly string[] {
  const value = jsonOf(metadata, 'classes', what)
  assertClasses(value, what)
  return value
}

function preprocessingOf(metadata: Readonly<Record<string, string>>, what: string): Preprocessing {
  const value = jsonOf(metadata, 'preprocessing', what)
  assertPreprocessing(value, what)
  return value
}

function assertClasses(value: unknown, what: string): asserts value is readonly string[] {
  assert(
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'),
    () => `${what}: classes is ${JSON.stringify(value)}: it must be a list of names`,
  )
  const twice = value.find((name, i) => value.indexOf(name) < i)
  assert(twice === undefined, `${what}: two classes are named ${JSON.stringify(twice)}: names must be distinct`)
}

/**
 * Throws when the tensors are not the written ones. A tool that changes tensors on purpose may leave the checksum out.
 * Tensors with a correct checksum were finite when they were written.
 */
function assertWhole(tensors: ReadonlyMap<string, Tensor>, checksum: string | undefined, what: string): void {
  const found = checksum === undefined ? undefined : checksumOf(tensors)
  if (found !== undefined && found === checksum) return
  assertFinite(tensors, what)
  assert(
    found === undefined,
    `${what}: the weights have checksum ${found}, ${checksum} was written: the file is damaged`,
  )
}

/** Checks the weights. The constants of a graph are not trained, and may be infinite: a mask that is added is. */
function assertFinite(tensors: ReadonlyMap<string, Tensor>, what: string): void {
  const found = nonFinite([...tensors].filter(([name]) => !name.startsWith(constantPrefix)))
  assert(found === undefined, `${what}: ${found}: the network is unusable, train it again`)
}
