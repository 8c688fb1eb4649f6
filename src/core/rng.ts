/**
 * Counter-based random numbers. A value depends only on (seed, stream, index), not on the order or the thread in which
 * numbers are drawn. The mixer is the 32-bit finaliser `lowbias32` (C. Wellons, "Prospecting for hash functions",
 * 2018). WebAssembly computes the same bits with i32x4 arithmetic.
 */

/** Mixes 32 bits. The function is a bijection. */
export function mix32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** A 32-bit key from a list of integers: `key(seed, epoch, index)`. */
export function key(...parts: readonly number[]): number {
  let h = 0x9e3779b9
  for (const p of parts) h = mix32(h ^ mix32((p ^ Math.floor(p / 0x1_0000_0000)) | 0)) + 0x9e3779b9
  return mix32(h)
}

/** A 32-bit key from text (FNV-1a). The name of a parameter gives it a separate stream. */
export function keyOf(text: string): number {
  let h = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193)
  return h >>> 0
}

/** The `index`-th 32-bit word of the stream `key`. */
export const wordAt = (key: number, index: number): number => mix32(mix32(index ^ key) + key)

/** The `index`-th uniform of the stream `key`: a multiple of 2^-24 in [0, 1), exact in float32. */
export const uniformAt = (key: number, index: number): number => (wordAt(key, index) >>> 8) / 0x1000000

/** A sequence of one stream. Its whole state is `key` and `index`. */
export class Rng {
  readonly key: number
  index: number
  constructor(key: number, index = 0) {
    this.key = key
    this.index = index
  }
  /** Uniform in [0, 1). */
  uniform(): number {
    return uniformAt(this.key, this.index++)
  }
  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }
  /** An integer in [0, n), n up to 2^24. */
  integer(n: number): number {
    return Math.floor(this.uniform() * n)
  }
  /** Standard normal (Box-Muller). */
  normal(): number {
    const u = 1 - this.uniform()
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.uniform())
  }
  /** A permutation of 0..n-1 (Fisher-Yates; words of 32 bits, so n may exceed 2^24). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor((wordAt(this.key, this.index++) / 0x1_0000_0000) * (i + 1))
      const t = order[i]
      order[i] = order[j]
      order[j] = t
    }
    return order
  }
}
