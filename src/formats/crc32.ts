/**
 * CRC-32 as zip, gzip and PNG have it (polynomial 0xedb88320, reflected; ISO 3309). Words are read as this
 * machine has them: little-endian, as WebAssembly wants it anyway.
 */
import type { Tensor } from '../core/index.ts'

/** Bytes that one round takes: each has a table, of what it does to the sum that many bytes later. */
const stride = 8

let known: Uint32Array[] | undefined

/** Made when first asked for: most hosts never do. */
function tables(): Uint32Array[] {
  if (known) return known
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let c = byte
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    return c
  })
  known = [first]
  while (known.length < stride) known.push(known[known.length - 1].map((c) => first[c & 255] ^ (c >>> 8)))
  return known
}

/** The sum of `bytes` in plain loops, going on from the sum of what came before them. */
export function crc32InLoops(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables()
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 ? bytes.slice() : bytes
  const words = new Int32Array(buffer, byteOffset, Math.floor(length / stride) * 2)
  let c = ~before
  for (let i = 0; i < words.length; i += 2) {
    const a = c ^ words[i]
    const b = words[i + 1]
    c =
      t7[a & 255] ^
      t6[(a >>> 8) & 255] ^
      t5[(a >>> 16) & 255] ^
      t4[a >>> 24] ^
      t3[b & 255] ^
      t2[(b >>> 8) & 255] ^
      t1[(b >>> 16) & 255] ^
      t0[b >>> 24]
  }
  for (let i = words.length * 4; i < length; i++) c = t0[(c ^ bytes[i]) & 255] ^ (c >>> 8)
  return ~c >>> 0
}

/** The sum of `bytes`, going on from the sum `before`: Node's own (20.15, 22.2), ten times as fast, where there is one. */
export const crc32 = globalThis.process?.getBuiltinModule?.('node:zlib')?.crc32 ?? crc32InLoops

/** Of the tensors' bytes, in the order of their names: it does not depend on how a file arranges them. */
export function checksumOf(tensors: ReadonlyMap<string, Tensor>): string {
  let sum = 0
  for (const name of [...tensors.keys()].sort()) {
    const { data } = tensors.get(name)!
    sum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), sum)
  }
  return sum.toString(16).padStart(8, '0')
}
