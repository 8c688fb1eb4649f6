import { describe, expect, test } from 'vitest'
import { arrayOf, type DType, dtypes, size, type Tensor, tensor } from '../../src/core/index.ts'
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts'
import { fc, shapes } from '../support/property.ts'

const tensors = new Map<string, Tensor>([
  ['mask', tensor([3], Uint8Array.of(1, 2, 255), 'u8')],
  ['stem.conv.w', tensor([1, 2, 3], [1, -2, 3.5, Number.NaN, Number.POSITIVE_INFINITY, -0])],
  ['scale', tensor([], [0.25])],
  ['count', tensor([2], Int32Array.of(-1, 2 ** 30), 'i32')],
  ['q', tensor([5], Int8Array.of(-128, -1, 0, 1, 127), 'i8')],
])
const metadata = { 'kinglet.version': '1', note: 'ä "quoted" \n text' }
const bytes = writeSafetensors(tensors, metadata)

/** A file with this header and `data` bytes after it. */
function file(header: unknown, data = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const all = new Uint8Array(8 + text.length + data)
  new DataView(all.buffer).setBigUint64(0, BigInt(text.length), true)
  all.set(text, 8)
  return all
}
const entry = (shape: readonly number[], from: number, to: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [from, to],
})

test('reading is bit-identical to what was written', () => {
  const read = readSafetensors(bytes)
  expect(read.metadata).toEqual(metadata)
  expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()))
})

describe('any tensors and texts', () => {
  const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__metadata__')
  // Any bits, including those of every NaN.
  const anyTensor = fc
    .record({ dtype: fc.constantFrom(...(Object.keys(dtypes) as DType[])), shape: shapes(4, 3) })
    .chain(({ dtype, shape }) =>
      fc.uint8Array({ minLength: size(shape) * 4, maxLength: size(shape) * 4 }).map((bits): Tensor => {
        const data = arrayOf(dtype, size(shape))
        new Uint8Array(data.buffer).set(bits.subarray(0, data.byteLength))
        return { shape, dtype, data } as Tensor
      }),
    )
  const files = fc.tuple(
    fc.dictionary(name, anyTensor, { maxKeys: 5 }).map((all) => new Map(Object.entries(all))),
    fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }), { maxKeys: 4 }),
  )
  const bitsOf = ({ data }: Tensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')

  test('are read bit-identically', () => {
    fc.assert(
      fc.property(files, ([written, metadata]) => {
        const read = readSafetensors(writeSafetensors(written, metadata))
        expect({ ...read.metadata }).toEqual({ ...metadata })
        expect([...read.tensors.keys()].sort()).toEqual([...written.keys()].sort())
        for (const [name, t] of written) {
          const { shape, dtype } = read.tensors.get(name)!
          expect([shape, dtype, bitsOf(read.tensors.get(name)!)]).toEqual([t.shape, t.dtype, bitsOf(t)])
        }
      }),
    )
  })

  test('a changed or missing byte gives a KingletError, or changes what is read', () => {
    fc.assert(
      fc.property(files, fc.nat(), fc.integer({ min: 1, max: 255 }), ([written, metadata], at, change) => {
        const file = writeSafetensors(written, metadata)
        const changed = Uint8Array.from(file)
        changed[at % file.length] ^= change
        for (const damaged of [changed, file.subarray(0, at % file.length)]) {
          try {
            readSafetensors(damaged)
          } catch (error) {
            expect(error).toMatchObject({ name: 'KingletError' })
            continue
          }
          expect(damaged).toHaveLength(file.length)
        }
      }),
    )
  })
})

test('the bytes follow the format: length, JSON padded with spaces, aligned tensors without gaps', () => {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  expect(length % 8).toBe(0)
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length))
  expect(text).toMatch(/^\{"__metadata__".*\} *$/s)
  const { __metadata__, ...entries } = JSON.parse(text)
  const places = Object.values(entries as Record<string, ReturnType<typeof entry>>)
  let at = 0
  for (const {
    dtype,
    data_offsets: [from, to],
  } of places) {
    expect(from).toBe(at)
    expect(from % (dtype === 'F32' || dtype === 'I32' ? 4 : 1)).toBe(0)
    at = to
  }
  expect(8 + length + at).toBe(bytes.length)
})

test('bytes at any offset of their buffer are read, and the result is a copy', () => {
  const shifted = new Uint8Array(bytes.length + 3)
  shifted.set(bytes, 3)
  const read = readSafetensors(shifted.subarray(3))
  shifted.fill(0)
  expect(read.tensors.get('count')!.data).toEqual(Int32Array.of(-1, 2 ** 30))
})

test('a tensor may have any name, even that of a member of every object', () => {
  const named = new Map(['__proto__', 'constructor', ''].map((name, i) => [name, tensor([1], [i])]))
  expect(readSafetensors(writeSafetensors(named, {})).tensors).toEqual(named)
})

test('a file may have no tensors and no metadata', () => {
  expect(readSafetensors(writeSafetensors(new Map(), {}))).toEqual({ tensors: new Map(), metadata: {} })
})

describe('other formats and damaged files are errors', () => {
  const cases: readonly [what: string, bytes: Uint8Array, message: string][] = [
    [
      'an empty file',
      new Uint8Array(),
      'a.st: it is not a .safetensors file (0 bytes): give a file that Kinglet or safetensors wrote',
    ],
    [
      'another format',
      new TextEncoder().encode('PK\x03\x04 something else altogether'),
      'a.st: it is not a .safetensors file (30 bytes): give a file that Kinglet or safetensors wrote',
    ],
    [
      'cut within the header',
      bytes.subarray(0, 100),
      `a.st: the header takes ${new DataView(bytes.buffer).getUint32(0, true)} bytes, the file holds 92 after its ` +
        'first 8: it is cut short, copy it again',
    ],
    [
      'cut within the tensors',
      bytes.subarray(0, -1),
      'a.st: tensor q ends at byte 44 of the data, the file holds 43: it is cut short, copy it again',
    ],
    ['header that is not JSON', file('{"a": '), 'a.st: the header is not JSON: the file is damaged'],
    [
      'metadata that is not text',
      file({ __metadata__: { a: 1 } }),
      'a.st: the metadata is not an object of strings: the file is damaged',
    ],
    [
      'an entry without its parts',
      file({ w: { dtype: 'F32', shape: [1] } }, 4),
      "a.st: the header's entry of tensor w has no dtype, shape and data_offsets: the file is damaged",
    ],
    [
      'a dtype that no engine has',
      file({ w: entry([2], 0, 4, 'F16') }, 4),
      'a.st: tensor w is F16: only F32, I32, I8 or U8 can be read',
    ],
    [
      'a tensor of nothing',
      file({ w: entry([0, 3], 0, 0) }),
      'a.st: tensor w has shape [0, 3]: it must hold at least one value',
    ],
    [
      'tensors that overlap',
      file({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8),
      'a.st: tensor b has data_offsets 4 to 8: its shape [1] and the tensors before it need 8 to 12, the ' +
        'file is damaged',
    ],
    [
      'a place that does not fit the shape',
      file({ a: entry([3], 0, 8) }, 8),
      'a.st: tensor a has data_offsets 0 to 8: its shape [3] and the tensors before it need 0 to 12, the ' +
        'file is damaged',
    ],
    [
      'bytes that belong to nothing',
      file({ a: entry([1], 0, 4) }, 7),
      'a.st: 3 bytes follow the last tensor: the file is damaged',
    ],
  ]
  test.each(cases)('%s', (_, given, message) => {
    expect(() => readSafetensors(given, 'a.st')).toThrow(expect.objectContaining({ name: 'KingletError', message }))
  })

  test('a file that is truncated anywhere', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(() => readSafetensors(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ name: 'KingletError' }),
      )
  })
})

test('the reserved name of the format is refused', () => {
  expect(() => writeSafetensors(new Map([['__metadata__', tensor([1], [1])]]), {})).toThrow(
    'safetensors: a tensor cannot be named __metadata__: the format reserves that name',
  )
})
