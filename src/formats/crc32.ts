/** CRC-32 as zip, gzip and PNG have it (polynomial 0xedb88320, reflected; ISO 3309). */
import type { Tensor } from '../core/index.ts'

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  return c
})

/** The sum of `bytes`, going on from the sum of what came before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let c = ~before
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]) & 255] ^ (c >>> 8)
  return ~c >>> 0
}

/** Of the tensors' bytes, in the order of their names: it does not depend on how a file arranges them. */
export function checksumOf(tensors: ReadonlyMap<string, Tensor>): string {
  let sum = 0
  for (const name of [...tensors.keys()].sort()) {
    const { data } = tensors.get(name)!
    sum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), sum)
  }
  return sum.toString(16).padStart(8, '0')
}
