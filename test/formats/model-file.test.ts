/** The model file: writing and reading, the rules of its format, and all errors. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type Tensor, tensor } from '../../src/core/index.ts'
import { version } from '../../src/core/version.ts'
import { preprocessingPreset } from '../../src/data/index.ts'
import { openModel } from '../../src/door/load.ts'
import { crc32InLoops } from '../../src/formats/crc32.ts'
import {
  type ModelFile,
  provenanceNow,
  readModelFile,
  readSafetensors,
  writeModelFile,
  writeSafetensors,
} from '../../src/formats/index.ts'
import { build } from '../../src/models/index.ts'
import { folderOf } from '../data/make.ts'
import { optional } from '../support/optional.ts'

const options = { width: 0.35, size: 32, classes: 2, padding: 'same', se: [0, 1], dropout: 0.1 } as const
const net = build('mobilenet_v3_small', options)
const model: ModelFile = {
  architecture: net.architecture,
  weights: net.weights,
  classes: ['chat noir', 'çiçek "x"'],
  preprocessing: preprocessingPreset('whole', 32),
  provenance: provenanceNow({ trainedOn: 'pets', images: 20, epochs: 3, seed: 1, accuracy: 0.75, evaluatedOn: 4 }),
}
const bytes = writeModelFile(model)

describe('write and read', () => {
  test('everything is read as it was written', () => {
    expect(readModelFile(bytes)).toEqual(model)
  })

  test('the network is built with all of its options', async () => {
    const { network } = await openModel(bytes, 'm')
    expect(network.architecture).toEqual(net.architecture)
    expect(network.weights).toEqual(net.weights)
  })

  test('provenance has version and time', () => {
    const { kinglet, created } = readModelFile(bytes).provenance
    expect(kinglet).toBe(version)
    expect(new Date(created).toISOString()).toBe(created)
  })

  test('the bytes follow the specification of .safetensors', () => {
    const view = new DataView(bytes.buffer)
    const length = Number(view.getBigUint64(0, true))
    expect((8 + length) % 8).toBe(0)
    const { __metadata__: metadata, ...tensors } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
    expect(Object.values(metadata).every((v) => typeof v === 'string')).toBe(true)
    expect(Object.keys(metadata).sort()).toEqual([
      'architecture',
      'checksum',
      'classes',
      'kinglet',
      'preprocessing',
      'provenance',
    ])
    expect(JSON.parse(metadata.classes)).toEqual(model.classes)
    let at = 0
    for (const [
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ] of Object.entries<{
      dtype: string
      shape: number[]
      data_offsets: [number, number]
    }>(tensors)) {
      const t = model.weights.get(name)!
      expect([dtype, shape, from, to]).toEqual(['F32', t.shape, at, at + t.data.byteLength])
      expect(view.getFloat32(8 + length + from, true)).toBe(t.data[0])
      at = to
    }
    expect(8 + length + at).toBe(bytes.length)
  })

  const python = optional('python-safetensors')
  test.skipIf(!python)('Python reads it', () => {
    const folder = folderOf({ 'm.safetensors': bytes })
    const script = `import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], 'numpy') as f:
    m = f.metadata()
    print(json.dumps([json.loads(m['classes']), {k: float(f.get_tensor(k).astype('float64').sum()) for k in f.keys()}]))`
    writeFileSync(join(folder, 'read.py'), script)
    const { stdout } = spawnSync(python!, [join(folder, 'read.py'), join(folder, 'm.safetensors')], {
      encoding: 'utf8',
    })
    const [classes, sums] = JSON.parse(stdout)
    expect(classes).toEqual(model.classes)
    expect(Object.keys(sums).sort()).toEqual([...model.weights.keys()].sort())
    for (const [name, { data }] of model.weights) expect(sums[name]).toBeCloseTo(sumOf(data), 2)
  })

  test('the checksum is the CRC-32 of the tensors in the order of their names', () => {
    let sum = 0
    for (const name of [...model.weights.keys()].sort())
      sum = crc32(Buffer.from(model.weights.get(name)!.data.buffer), sum)
    expect(readSafetensors(bytes).metadata.checksum).toBe(sum.toString(16).padStart(8, '0'))
  })
})

test('the loops for hosts without a CRC-32 give the same sum, at every length and offset', () => {
  for (const from of [0, 1, 2, 3, 4])
    for (const length of [0, 1, 7, 8, 9, 63, 64, 1000]) {
      const part = bytes.subarray(from, from + length)
      expect(crc32InLoops(part, 7)).toBe(crc32(part, 7))
    }
})

test('weights are views of the bytes, at any offset of their buffer', () => {
  expect(readModelFile(bytes).weights.get('classifier.w')!.data.buffer).toBe(bytes.buffer)
  const shifted = new Uint8Array(bytes.length + 1)
  shifted.set(bytes, 1)
  const { data } = readModelFile(shifted.subarray(1)).weights.get('stem.conv.w')!
  expect(data).toEqual(model.weights.get('stem.conv.w')!.data)
})

const sumOf = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => a + b, 0)

/** The file with changed metadata or tensors. Changed tensors have no checksum. */
function changed(metadata: Record<string, string | undefined>, weights: ReadonlyMap<string, Tensor> = model.weights) {
  const { checksum, ...rest } = readSafetensors(bytes).metadata
  const all = { ...rest, ...(weights === model.weights && { checksum }), ...metadata }
  return writeSafetensors(weights, Object.fromEntries(Object.entries(all).flatMap(([k, v]) => (v ? [[k, v]] : []))))
}
const withTensor = (name: string, t: Tensor | undefined): Map<string, Tensor> => {
  const weights = new Map(model.weights)
  if (t) weights.set(name, t)
  else weights.delete(name)
  return weights
}
const failure = async (given: Uint8Array): Promise<string> => {
  try {
    await openModel(given, 'm.safetensors')
    return 'it did not fail'
  } catch (error) {
    return String(error)
  }
}

describe('errors name the file and the way out', () => {
  test.each([0, 7, 8, 20, 3000, bytes.length - 1])('truncated after %i bytes', async (length) => {
    expect(await failure(bytes.slice(0, length))).toMatch(
      /^KingletError: m\.safetensors: .*(it is not a \.safetensors file|it is cut short)/,
    )
  })

  test('truncated at every boundary of the header and of each tensor, and a byte before and after', async () => {
    const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))
    const entries = JSON.parse(new TextDecoder().decode(bytes.subarray(8, header))) as Record<
      string,
      { data_offsets?: [number, number] }
    >
    const ends = Object.values(entries).flatMap(({ data_offsets }) => (data_offsets ? [header + data_offsets[1]] : []))
    expect(Math.max(...ends)).toBe(bytes.length)
    for (const end of [8, header, ...ends])
      for (const length of [end - 1, end, end + 1].filter((n) => n < bytes.length))
        expect(await failure(bytes.subarray(0, length))).toMatch(
          /^KingletError: m\.safetensors: .*(it is not a \.safetensors file|it is cut short)/,
        )
  })

  test('one bit flipped anywhere', async () => {
    for (let at = 0; at < bytes.length; at += 4001) {
      const other = bytes.slice()
      other[at] ^= 16
      const said = await failure(other)
      // Two bytes of the header, such as the exponent of a date, can be other valid text.
      if (said !== 'it did not fail') expect(said).toMatch(/^KingletError: m\.safetensors: /)
      else expect(at).toBeLessThan(8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)))
    }
  })

  test('damaged weights', async () => {
    const other = bytes.slice()
    other[bytes.length - 100] ^= 1
    expect(await failure(other)).toMatch(
      /m\.safetensors: the weights have checksum [0-9a-f]{8}, [0-9a-f]{8} was written: the file is damaged$/,
    )
  })

  test('tensors that other tools changed on purpose, with the checksum left out', async () => {
    const w = model.weights.get('classifier.w')!
    const other = { ...w, data: w.data.map((v) => 2 * v) } as Tensor
    expect(await failure(changed({}, withTensor('classifier.w', other)))).toBe('it did not fail')
  })

  const cases: [string, Uint8Array, string][] = [
    [
      'a text',
      new TextEncoder().encode('<!doctype html><title>not found</title>'),
      'it is not a .safetensors file (39 bytes): give a file that Kinglet or safetensors wrote',
    ],
    [
      'a foreign .safetensors file',
      writeSafetensors(new Map([['w', tensor([2], [1, 2])]]), { format: 'pt' }),
      'a .safetensors file without the network, classes and preprocessing of its tensors: ' +
        'use a file that kinglet train or save wrote',
    ],
    [
      'a checkpoint',
      writeSafetensors(new Map([['w', tensor([2], [1, 2])]]), { kinglet_checkpoint: '1' }),
      'the checkpoint of a training run, not a model: use a model file in the same folder',
    ],
    [
      'a file of a later Kinglet',
      changed({ kinglet: '3' }),
      `a model file of kind 3: this version of Kinglet (${version}) reads kinds 1 or 2: use a newer Kinglet`,
    ],
    [
      'no classes',
      changed({ classes: undefined }),
      'its metadata has no classes: the file is not whole, write it again',
    ],
    [
      'classes that are no JSON',
      changed({ classes: '["a"' }),
      'classes in its metadata is not JSON: the file is damaged',
    ],
    ['classes that are no names', changed({ classes: '[1, 2]' }), 'classes is [1,2]: it must be a list of names'],
    ['a class twice', changed({ classes: '["a", "a"]' }), 'two classes are named "a": names must be distinct'],
    [
      'other classes than outputs',
      changed({ classes: '["a", "b", "c"]' }),
      '3 classes are named, its network has 2 outputs: the file is damaged',
    ],
    ['no architecture', changed({ architecture: '"x"' }), 'architecture is "x": it must have a name and options'],
    [
      'a model that there is not',
      changed({ architecture: '{"name":"mobilenet_v9","options":{}}' }),
      'its network cannot be built: no model mobilenet_v9 (did you mean mobilenet_v1?)',
    ],
    [
      'an option that there is not',
      changed({ architecture: '{"name":"mobilenet_v1","options":{"widht":1}}' }),
      'its network cannot be built: build mobilenet_v1: no option widht (did you mean width?)',
    ],
    [
      'preprocessing that cannot be',
      changed({ preprocessing: '{"size":[32,32]}' }),
      'fit is missing: it must be "crop" or "stretch"',
    ],
    [
      'preprocessing of another size',
      changed({ preprocessing: JSON.stringify(preprocessingPreset('whole', 48)) }),
      'its preprocessing makes images [48, 48, 3], its network takes [32, 32, 3]: the two must be the same',
    ],
    [
      'a tensor that is missing',
      changed({}, withTensor('classifier.b', undefined)),
      'tensor classifier.b [2] of mobilenet_v3_small is missing: the file is not whole',
    ],
    [
      'a tensor too many',
      changed({}, withTensor('classifier.c', tensor([2], [1, 2]))),
      'tensor classifier.c is not one of mobilenet_v3_small with the options of this file: the two do not belong together',
    ],
    [
      'a tensor of another shape',
      changed({}, withTensor('classifier.b', tensor([3], [1, 2, 3]))),
      'tensor classifier.b is [3] f32, mobilenet_v3_small with the options of this file has [2] f32: the two do not ' +
        'belong together',
    ],
    [
      'a tensor of another type',
      changed({}, withTensor('classifier.b', tensor([2], [1, 2], 'i32'))),
      'tensor classifier.b is [2] i32, mobilenet_v3_small with the options of this file has [2] f32: the two do not ' +
        'belong together',
    ],
    [
      'NaN in the weights',
      changed({}, withTensor('classifier.b', tensor([2], [1, Number.NaN]))),
      'classifier.b holds NaN at element 1: the network is unusable, train it again',
    ],
    [
      'infinity in the weights',
      changed({}, withTensor('classifier.b', tensor([2], [Number.NEGATIVE_INFINITY, 0]))),
      'classifier.b holds -Infinity at element 0: the network is unusable, train it again',
    ],
  ]
  test.each(cases)('%s', async (_, given, text) => {
    expect(await failure(given)).toContain(`KingletError: m.safetensors: ${text}`)
  })
})

describe('what cannot be written', () => {
  const write = (change: Partial<ModelFile>) => () => writeModelFile({ ...model, ...change })
  test.each<[string, Partial<ModelFile>, string]>([
    [
      'NaN',
      { weights: withTensor('stem.bn.gamma', tensor([1], [Number.NaN])) },
      'model: stem.bn.gamma holds NaN at element 0: the network is unusable, train it again',
    ],
    ['no classes', { classes: [] }, 'model: classes is []: it must be a list of names'],
    ['a class twice', { classes: ['a', 'a'] }, 'model: two classes are named "a": names must be distinct'],
    [
      'preprocessing that cannot be',
      { preprocessing: { ...model.preprocessing!, crop: 2 } },
      'model: crop is 2: it must be above 0 and at most 1',
    ],
  ])('%s', (_, change, text) => {
    expect(write(change)).toThrow(text)
  })
})
