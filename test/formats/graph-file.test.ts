/** The model file of kind 2: a graph instead of an architecture. */
import { describe, expect, test } from 'vitest'
import { KingletError, type Tensor, tensor } from '../../src/core/index.ts'
import { preprocessingPreset } from '../../src/data/index.ts'
import { openModel } from '../../src/door/load.ts'
import {
  contentsOf,
  identityOf,
  type ModelFile,
  provenanceNow,
  readSafetensors,
  writeModelFile,
  writeSafetensors,
} from '../../src/formats/index.ts'
import { build } from '../../src/models/index.ts'
import { type Network, networkFrom } from '../../src/nn/index.ts'
import {
  add,
  constant,
  flatten,
  input,
  linear,
  mul,
  parameter,
  reshape,
  scope,
  type Value,
} from '../../src/ops/index.ts'
import { branched } from '../nn/make.ts'

const rest = {
  classes: ['a', 'b', 'c'],
  preprocessing: preprocessingPreset('whole', 16),
  provenance: provenanceNow({ trainedOn: 'toys' }),
}
const fileOf = (net: Network) => writeModelFile({ ...contentsOf(net), ...rest })

/** A network with a constant that is too large for the JSON. */
function withConstant(scale = 0.5): Network {
  const init = { kind: 'normal', std: 0.1 } as const
  const w = parameter({ name: 'w', shape: [768, 3], role: 'weight', init })
  const x = flatten(input('x', [1, 16, 16, 3]))
  const mean = constant(tensor([768], new Float32Array(768).fill(scale)))
  return networkFrom({ outputs: { logits: linear(add(mul(x, mean), 0.25), w) }, updates: [] })
}

/** A network with a mask of few values: infinity cannot be represented in JSON. */
function masked(): Network {
  const init = { kind: 'normal', std: 0.1 } as const
  const w = parameter({ name: 'w', shape: [768, 3], role: 'weight', init })
  const logits = linear(flatten(input('x', [1, 16, 16, 3])), w)
  const mask = constant(tensor([3], [Number.NEGATIVE_INFINITY, 0, 0]))
  return networkFrom({ outputs: { logits: add(logits, mask) }, updates: [] })
}

describe('write and read', () => {
  test.each([
    ['layers', branched({ seed: 4 })],
    ['constants', withConstant()],
  ])('%s', async (_, net) => {
    const bytes = fileOf(net)
    const { metadata } = readSafetensors(bytes)
    expect(metadata.kinglet).toBe('2')
    expect(metadata.architecture).toBeUndefined()
    const { network, classes, preprocessing, provenance } = await openModel(bytes, 'm')
    expect({ classes, preprocessing, provenance }).toEqual(rest)
    expect(network.meta).toEqual(rest)
    expect(network.architecture).toBeUndefined()
    expect(network.weights).toEqual(net.weights)
    expect([...network.weights.keys()]).toEqual([...net.weights.keys()])
    expect(identityOf(network)).toEqual(identityOf(net))
    // Writing it again gives the same bytes.
    expect(writeModelFile({ ...contentsOf(network), ...rest })).toEqual(bytes)
  })

  test('a network that build makes is still written as kind 1', () => {
    const net = build('mobilenet_v2', { width: 0.1, size: 16, classes: 3 })
    expect(Object.keys(contentsOf(net))).toEqual(['architecture', 'weights'])
    expect(readSafetensors(fileOf(net)).metadata.kinglet).toBe('1')
    expect(identityOf(net)).toBe(net.architecture)
  })
})

test('constants may be infinite, the weights may not', async () => {
  for (const infinite of [withConstant(Number.NEGATIVE_INFINITY), masked()]) {
    const bytes = fileOf(infinite)
    const { tensors, metadata } = readSafetensors(bytes)
    expect(tensors.get('constants/0')!.data[0]).toBe(Number.NEGATIVE_INFINITY)
    const { checksum: _, ...others } = metadata
    for (const file of [bytes, writeSafetensors(tensors, others)]) {
      const { network } = await openModel(file, 'm')
      expect(identityOf(network)).toEqual(identityOf(infinite))
    }
    infinite.weights.get('w')!.data[3] = Number.NEGATIVE_INFINITY
    expect(() => fileOf(infinite)).toThrow(
      new KingletError('model: w holds -Infinity at element 3: the network is unusable, train it again'),
    )
  }
})

test('what load would refuse is not written', () => {
  const long = 'a'.repeat(600)
  const shown = `"${'a'.repeat(78)}…`
  const rule = 'it must be non-empty text of at most 512 characters, other than __proto__'
  const w = (name: string) =>
    parameter({ name, shape: [768, 3], role: 'weight', init: { kind: 'constant', value: 0.5 } })
  const pixels = () => flatten(input('x', [1, 16, 16, 3]))
  const cases: readonly (readonly [Value, string])[] = [
    [linear(pixels(), w(long)), `model: node 2 (parameter): name is ${shown}: ${rule}`],
    [scope(long, () => linear(pixels(), w('w'))), `model: node 0 (input): scope is ${shown}: ${rule}`],
    [
      linear(flatten(reshape({ x: pixels() }, { shape: [0, 1, 1, 1, 1, 1, 1, 1, 768] })), w('w')),
      'model: node 2 (reshape): its shape is [1, 1, 1, 1, 1, 1, 1, 1, 768]: the limits are rank 8 and 1073741824 elements',
    ],
    [
      linear(pixels(), w('x')),
      'model: node 2 (parameter): there are two inputs or parameters named "x": names must be unique',
    ],
  ]
  for (const [logits, message] of cases) {
    const net = networkFrom({ outputs: { logits }, updates: [] })
    expect(() => fileOf(net)).toThrow(new KingletError(message))
  }
})

test('the fingerprint depends on the graph, not on the weights', () => {
  const graphOf = (net: Network) => identityOf(net).options.graph
  expect(identityOf(branched()).name).toBe('graph')
  expect(graphOf(branched({ seed: 1 }))).toBe(graphOf(branched({ seed: 2 })))
  expect(graphOf(branched({ classes: 4 }))).not.toBe(graphOf(branched()))
  expect(graphOf(branched({ dropout: 0.3 }))).not.toBe(graphOf(branched()))
  expect(graphOf(withConstant(0.5))).not.toBe(graphOf(withConstant(0.25)))
})

test('a file has either an architecture or a graph', () => {
  const { weights } = branched()
  const message = 'model: the network is not defined: give either its architecture or its graph'
  expect(() => writeModelFile({ weights, ...rest })).toThrow(new KingletError(message))
  const { architecture } = build('mobilenet_v2')
  const both: ModelFile = { ...contentsOf(branched()), architecture, ...rest }
  expect(() => writeModelFile(both)).toThrow(new KingletError(message))
})

describe('errors name the file', () => {
  const bytes = fileOf(withConstant())
  const { tensors, metadata } = readSafetensors(bytes)
  const failure = async (given: Uint8Array): Promise<string> =>
    openModel(given, 'm.safetensors').then(
      () => 'it did not fail',
      (error) => String(error),
    )
  const changed = (graph: (text: string) => string, weights: ReadonlyMap<string, Tensor> = tensors) => {
    const { checksum: _, ...others } = metadata
    return writeSafetensors(weights, { ...others, graph: graph(metadata.graph) })
  }
  const without = (name: string) => new Map([...tensors].filter(([key]) => key !== name))
  const same = (text: string) => text

  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    [
      'no graph',
      writeSafetensors(tensors, { kinglet: '2' }),
      'its metadata has no graph: the file is not whole, write it again',
    ],
    ['text that is no JSON', changed(() => '{'), 'graph in its metadata is not JSON: the file is damaged'],
    ['JSON that is not an object', changed(() => '3'), 'graph in its metadata is not an object: the file is damaged'],
    ['an object that is no graph', changed(() => '{}'), 'it is not a graph: kinglet_graph, the version, is missing'],
    [
      'a graph of a later Kinglet',
      changed((text) => text.replace('"kinglet_graph":1', '"kinglet_graph":2')),
      'a graph of version 2, this version of Kinglet (0.1.0) reads 1: use a newer Kinglet',
    ],
    [
      'ops that it does not have',
      changed((text) => text.replace('"op":"matmul"', '"op":"attention"').replace('"op":"mul"', '"op":"gelu"')),
      'there are no ops "gelu", "attention": this version of Kinglet (0.1.0) does not have them, use a newer one',
    ],
    [
      'an op on other shapes',
      changed((text) => text.replace('"shape":[768,3]', '"shape":[767,3]')),
      'node 7 (matmul): matmul: a is [1, 768], b is [767, 3]: the inner dimensions are 768 and 767, they must be equal',
    ],
    [
      'classes of a graph that does not classify',
      changed((text) => text.replace('"logits"', '"scores"')),
      'the network does not classify: its outputs are scores [1, 3] f32: it must have the output logits [1, classes] f32; ' +
        'an engine runs any network: compile its graph()',
    ],
    [
      'a weight that is missing',
      changed(same, without('w')),
      'tensor w [768, 3] of its graph is missing: the file is not whole',
    ],
    [
      'a weight too many',
      changed(same, new Map([...tensors, ['v', tensor([1], [1])]])),
      'tensor v is not one of its graph: the two do not belong together',
    ],
    [
      'a constant that is missing',
      changed(same, without('constants/0')),
      'node 3 (constant): there is no tensor "constants/0" beside it: the file is not whole',
    ],
    [
      'weights that are not finite',
      changed(same, new Map([...tensors, ['w', tensor([768, 3], new Float32Array(2304).fill(Number.NaN))]])),
      'w holds NaN at element 0: the network is unusable, train it again',
    ],
  ]
  test.each(cases)('%s', async (_, given, message) => {
    expect(await failure(given)).toBe(`KingletError: m.safetensors: ${message}`)
  })

  test('a number of classes that differs from the graph', async () => {
    const two = writeModelFile({ ...contentsOf(branched()), ...rest, classes: ['a', 'b'] })
    expect(await failure(two)).toMatch(/^KingletError: m\.safetensors: 2 classes are named, its network has 3 outputs/)
  })

  test('a size that differs from the graph', async () => {
    const large = writeModelFile({ ...contentsOf(branched({ size: 20 })), ...rest })
    expect(await failure(large)).toMatch(
      /^KingletError: m\.safetensors: its preprocessing makes images \[16, 16, 3\], its/,
    )
  })

  test('one bit flipped anywhere gives a KingletError or a network', async () => {
    for (let at = 0; at < 8000; at += 37) {
      const other = bytes.slice()
      other[at] ^= 16
      const said = await failure(other)
      if (said !== 'it did not fail') expect(said).toMatch(/^KingletError: m\.safetensors: /)
    }
  })
})
