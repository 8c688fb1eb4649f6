/**
 * CRC-32 of zip, gzip and PNG (polynomial 0xedb88320, reflected; ISO 3309). Words are read in the byte order of the
 * machine. It is little-endian, which WebAssembly requires anyway.
 */
import type { Tensor } from '../core/index.ts'

/** Number of bytes of one round. Each has a table of its effect on the sum after the round. */
const stride = 8

let known: Uint32Array[] | undefined

/** Made on first use: most hosts never need the tables. */
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

/** The sum of `bytes` in plain loops, continued from the sum `before` of earlier bytes. */
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

/**
 * The sum of `bytes`, continued from the sum `before`. Uses Node's function (20.15, 22.2), ten times as fast, if
 * present.
 */
export const crc32 = globalThis.process?.getBuiltinModule?.('node:zlib')?.crc32 ?? crc32InLoops

/** The checksum of the tensors' bytes in the order of their names, so it does not depend on the layout of a file. */
export function checksumOf(tensors: ReadonlyMap<string, Tensor>): string {
  let sum = 0
  for (const name of [...tensors.keys()].sort()) {
    const { data } = tensors.get(name)!
    sum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), sum)
  }
  return sum.toString(16).padStart(8, '0')
}
