/**
 * The model file: a `.safetensors` file whose tensors have the graph's own names and whose metadata holds, as JSON,
 * what the network is (`architecture`, or `graph` for one that no table has), what its outputs are called (`classes`),
 * what is done to an image before it (`preprocessing`) and where it comes from (`provenance`). `kinglet` is the number of
 * this arrangement: 1 with an architecture, 2 with a graph. `checksum` is a CRC-32 of the tensors, which the format itself
 * does not have: a damaged file would classify all the same.
 *
 * Whether the tensors are those of the network is for whoever builds it: `restoreNetwork` in `models`.
 */
import { assert, isObject, KingletError, nonFinite, oneOf, type Tensor, version } from '../core/index.ts'
import { assertPreprocessing, type Preprocessing } from '../data/index.ts'
import type { GraphJson } from '../graph/json/index.ts'
import type { Architecture, Provenance } from '../nn/index.ts'
import { checksumOf } from './crc32.ts'
import { viewSafetensors, writeSafetensors } from './safetensors.ts'

/** A trained network and all that is needed to use it: `architecture` or `graph` says which network it is. */
export interface ModelFile {
  /** Of a network that `build` makes. */
  readonly architecture?: Architecture
  /** Of any other: its graph in the declared form. */
  readonly graph?: GraphJson
  /** Values of all parameters by name, running statistics among them, and of the graph's large constants. */
  readonly weights: Map<string, Tensor>
  /** Names, in the order of the network's outputs. */
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  readonly provenance: Provenance
}

/** Numbers of the arrangements: with an architecture, with a graph. A larger one comes from a later Kinglet. */
const kinds = { architecture: 1, graph: 2 } as const

/** The provenance of a model that is made now, by this version. */
export const provenanceNow = (known: Omit<Provenance, 'kinglet' | 'created'> = {}): Provenance => ({
  kinglet: version,
  created: new Date().toISOString(),
  ...known,
})

/**
 * The bytes of a model file. Throws for weights that hold NaN or infinity, and for classes that are not distinct names.
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
    'model: it must say which network it is: give either its architecture or its graph',
  )
  assertPreprocessing(preprocessing, 'model')
  assertClasses(classes, 'model')
  assertFinite(weights, 'model')
  const json = { [kind]: architecture ?? graph, classes, preprocessing, provenance }
  return writeSafetensors(weights, {
    kinglet: String(kinds[kind]),
    checksum: checksumOf(weights),
    ...Object.fromEntries(Object.entries(json).map(([name, value]) => [name, JSON.stringify(value)])),
  }) as Uint8Array<ArrayBuffer>
}

/**
 * What a model file holds; `what` names it in errors. Throws a `KingletError` for bytes that are damaged, cut short or
 * something else, and for weights that hold NaN or infinity. The weights are views of `bytes`, which must stay as they
 * are.
 */
export function readModelFile(bytes: Uint8Array, what = 'model'): ModelFile {
  const { tensors, metadata } = viewSafetensors(bytes, what)
  assert(
    metadata.kinglet_checkpoint === undefined,
    `${what}: the checkpoint of a training run, not a model: use a model file that the run left beside it`,
  )
  assert(
    metadata.kinglet !== undefined,
    `${what}: a .safetensors file of tensors only, it does not say which network, classes and preprocessing they ` +
      'belong to: use a file that kinglet train or save wrote',
  )
  const isKind = (kind: number) => Number(metadata.kinglet) === kind
  assert(
    Object.values(kinds).some(isKind),
    `${what}: a model file of kind ${metadata.kinglet}, this version of Kinglet (${version}) reads kinds ` +
      `${oneOf(Object.values(kinds).map(String))}: use a newer Kinglet`,
  )
  const network = isKind(kinds.graph)
    ? { graph: graphOf(metadata, what) }
    : { architecture: architectureOf(metadata, what) }
  const classes = jsonOf(metadata, 'classes', what)
  assertClasses(classes, what)
  const preprocessing = jsonOf(metadata, 'preprocessing', what)
  assertPreprocessing(preprocessing, what)
  const provenance = jsonOf(metadata, 'provenance', what) as Provenance
  assertWhole(tensors, metadata.checksum, what)
  return { ...network, weights: tensors, classes, preprocessing, provenance }
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

/** What is in the graph is for whoever reads it: `restoreNetwork` in `models`. */
function graphOf(metadata: Readonly<Record<string, string>>, what: string): GraphJson {
  const value = jsonOf(metadata, 'graph', what)
  assert(isObject(value), `${what}: graph in its metadata is no object: the file is damaged`)
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

function assertClasses(value: unknown, what: string): asserts value is readonly string[] {
  assert(
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string'),
    () => `${what}: classes is ${JSON.stringify(value)}: it must be a list of names`,
  )
  const twice = value.find((name, i) => value.indexOf(name) < i)
  assert(twice === undefined, `${what}: two classes are named ${JSON.stringify(twice)}: names must be distinct`)
}

/**
 * Throws for tensors that are not those that were written. A file whose tensors were changed on purpose, by other tools,
 * may leave the checksum out; what has its checksum was finite when it was written.
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

function assertFinite(weights: ReadonlyMap<string, Tensor>, what: string): void {
  const found = nonFinite(weights)
  assert(found === undefined, `${what}: ${found}: the network is of no use, train it again`)
}
