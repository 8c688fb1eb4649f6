/** CRC-32 as zip, gzip and PNG have it (polynomial 0xedb88320, reflected; ISO 3309). */
import type { Tensor } from '../core/index.ts'

/** Bytes that one round takes: each has a table, of what it does to the sum that many bytes later. */
const stride = 8

const tables = ((): Uint32Array[] => {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let c = byte
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    return c
  })
  const all = [first]
  while (all.length < stride) all.push(all[all.length - 1].map((c) => first[c & 255] ^ (c >>> 8)))
  return all
})()

/** The sum of `bytes`, going on from the sum of what came before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables
  let c = ~before
  let i = 0
  for (const end = bytes.length - stride; i <= end; i += stride)
    c =
      t7[(c ^ bytes[i]) & 255] ^
      t6[((c >>> 8) ^ bytes[i + 1]) & 255] ^
      t5[((c >>> 16) ^ bytes[i + 2]) & 255] ^
      t4[(c >>> 24) ^ bytes[i + 3]] ^
      t3[bytes[i + 4]] ^
      t2[bytes[i + 5]] ^
      t1[bytes[i + 6]] ^
      t0[bytes[i + 7]]
  for (; i < bytes.length; i++) c = t0[(c ^ bytes[i]) & 255] ^ (c >>> 8)
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
