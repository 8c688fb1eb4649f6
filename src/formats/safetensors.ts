/**
 * The `.safetensors` format: the length of the header (8 bytes, little-endian), a JSON header, then the bytes of the
 * tensors. The header holds dtype, shape and offsets of each tensor by name, and `__metadata__`, strings by name.
 * Refuses bytes that no tensor covers, overlapping tensors, and dtypes that no engine has.
 */
import {
  arrayOf,
  assert,
  bytesOf,
  type DType,
  dtypes,
  KingletError,
  oneOf,
  type Shape,
  size,
  type Tensor,
  type TypedArrayOf,
} from '../core/index.ts'

const names: Record<DType, string> = { f32: 'F32', i32: 'I32', i8: 'I8', u8: 'U8' }
const dtypeNamed = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]))

/** The limit of the format for the header, in bytes. */
const largestHeader = 100_000_000
/** The bytes of the tensors begin at a multiple of this, as in files of other writers. */
const alignment = 8

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [from: number, to: number]
}

/** The content of a `.safetensors` file. */
export interface Safetensors {
  readonly tensors: Map<string, Tensor>
  readonly metadata: Record<string, string>
}

/**
 * Reads tensors and metadata from the bytes of a `.safetensors` file. Errors call the file `what`. The tensors are
 * copies. Throws a `KingletError` for bytes of another format, and for damaged or truncated files.
 *
 * @example
 * ```ts
 * import { tensor } from 'kinglet/core'
 * import { readSafetensors, writeSafetensors } from 'kinglet/formats'
 *
 * const bytes = writeSafetensors(new Map([['w', tensor([2], [1, 2])]]), { made: 'by hand' })
 * const { tensors, metadata } = readSafetensors(bytes)
 * tensors.get('w')!.data // => Float32Array.of(1, 2)
 * metadata.made // => 'by hand'
 * ```
 */
export const readSafetensors = (bytes: Uint8Array, what = 'safetensors'): Safetensors => parse(bytes, what, copied)

/**
 * The same without copies: a tensor is a view of `bytes` if its offset is a multiple of its element size, as in
 * Kinglet's files. The caller must not change the bytes.
 */
export const viewSafetensors = (bytes: Uint8Array, what = 'safetensors'): Safetensors => parse(bytes, what, viewed)

type Take = (dtype: DType, length: number, bytes: Uint8Array) => TypedArrayOf

const copied: Take = (dtype, length, bytes) => {
  const data = arrayOf(dtype, length)
  new Uint8Array(data.buffer).set(bytes)
  return data
}

const viewed: Take = (dtype, length, bytes) => {
  const { buffer, byteOffset } = bytes
  return byteOffset % bytesOf(dtype) === 0
    ? new dtypes[dtype].array(buffer as ArrayBuffer, byteOffset, length)
    : copied(dtype, length, bytes)
}

function parse(bytes: Uint8Array, what: string, take: Take): Safetensors {
  const { header, start } = headerOf(bytes, what)
  const { __metadata__: metadata = {}, ...entries } = header
  assert(
    isRecord(metadata) && Object.values(metadata).every((text) => typeof text === 'string'),
    `${what}: the metadata is not an object of strings: the file is damaged`,
  )
  const held = bytes.length - start
  let used = 0
  const tensors = new Map<string, Tensor>()
  for (const [name, entry] of Object.entries(entries).map(checkedEntry(what)).sort(byPlace)) {
    const dtype = dtypeNamed.get(entry.dtype)
    assert(dtype, `${what}: tensor ${name} is ${entry.dtype}: only ${oneOf(dtypeNamed.keys())} can be read`)
    const [from, to] = entry.data_offsets
    const length = size(entry.shape)
    assert(
      from === used && to - from === length * bytesOf(dtype),
      `${what}: tensor ${name} has data_offsets ${from} to ${to}: its shape [${entry.shape.join(', ')}] and the ` +
        `tensors before it need ${used} to ${used + length * bytesOf(dtype)}, the file is damaged`,
    )
    used = to
    assert(
      to <= held,
      `${what}: tensor ${name} ends at byte ${to} of the data, the file holds ${held}: it is cut short, copy it again`,
    )
    tensors.set(name, {
      shape: entry.shape,
      dtype,
      data: take(dtype, length, bytes.subarray(start + from, start + to)),
    })
  }
  assert(used === held, `${what}: ${held - used} bytes follow the last tensor: the file is damaged`)
  return { tensors, metadata: metadata as Record<string, string> }
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x)

function headerOf(bytes: Uint8Array, what: string): { header: Record<string, unknown>; start: number } {
  const short = bytes.length < 8
  const length = short ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const opens = bytes[8] === '{'.charCodeAt(0)
  assert(
    !short && length <= largestHeader && (opens || bytes.length === 8),
    `${what}: it is not a .safetensors file (${bytes.length} bytes): give a file that Kinglet or safetensors wrote`,
  )
  assert(
    8 + length <= bytes.length && bytes.length > 8,
    `${what}: the header takes ${length} bytes, the file holds ${bytes.length - 8} after its first 8: it is cut short, ` +
      'copy it again',
  )
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)))
    if (isRecord(header)) return { header, start: 8 + length }
  } catch {
    // Neither UTF-8 nor JSON: the error is below.
  }
  throw new KingletError(`${what}: the header is not JSON: the file is damaged`)
}

const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && Number(n) >= 0

const checkedEntry =
  (what: string) =>
  ([name, x]: [string, unknown]): [string, Entry] => {
    const list = (v: unknown, length?: number) =>
      Array.isArray(v) && v.every(isCount) && (length === undefined || v.length === length)
    assert(
      isRecord(x) && typeof x.dtype === 'string' && list(x.shape) && list(x.data_offsets, 2),
      `${what}: the header's entry of tensor ${name} has no dtype, shape and data_offsets: the file is damaged`,
    )
    assert(
      (x.shape as Shape).every((d) => d > 0),
      `${what}: tensor ${name} has shape [${(x.shape as Shape).join(', ')}]: it must hold at least one value`,
    )
    return [name, x as unknown as Entry]
  }

const byPlace = ([, a]: [string, Entry], [, b]: [string, Entry]): number => a.data_offsets[0] - b.data_offsets[0]

/**
 * Returns the bytes of a `.safetensors` file. Tensors keep their order, but those with four bytes per element come
 * first, so that each offset is a multiple of the element size.
 *
 * @example
 * ```ts
 * import { tensor } from 'kinglet/core'
 * import { writeSafetensors } from 'kinglet/formats'
 *
 * writeSafetensors(new Map([['w', tensor([2], [1, 2])]]), {}).length // => 72
 * ```
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const ordered = [...tensors].sort(([, a], [, b]) => bytesOf(b.dtype) - bytesOf(a.dtype))
  // Entries, not members: a name may be __proto__.
  const header: [string, unknown][] = Object.keys(metadata).length ? [['__metadata__', metadata]] : []
  let at = 0
  for (const [name, t] of ordered) {
    assert(name !== '__metadata__', 'safetensors: a tensor cannot be named __metadata__: the format reserves that name')
    const to = at + t.data.byteLength
    header.push([name, { dtype: names[t.dtype], shape: t.shape, data_offsets: [at, to] } satisfies Entry])
    at = to
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const start = 8 + Math.ceil(text.length / alignment) * alignment
  const bytes = new Uint8Array(start + at)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true)
  bytes.set(text, 8)
  bytes.fill(' '.charCodeAt(0), 8 + text.length, start)
  at = start
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}
