/** A growing byte buffer, and the number encodings of WebAssembly's binary format (LEB128, little-endian IEEE 754). */

const scratch = new DataView(new ArrayBuffer(4))

/** Appends `n` (0 to 2^32 - 1) to `bytes` as unsigned LEB128. */
export function unsignedLeb(n: number, bytes: number[] = []): number[] {
  while (n > 127) {
    bytes.push((n & 127) | 128)
    n >>>= 7
  }
  bytes.push(n)
  return bytes
}

/** Appends the 32-bit integer `n` to `bytes` as signed LEB128. */
export function signedLeb(n: number, bytes: number[] = []): number[] {
  // Bit 6 of the last byte is the sign: continue until seven bits hold the rest.
  while (n < -64 || n > 63) {
    bytes.push((n & 127) | 128)
    n >>= 7
  }
  bytes.push(n & 127)
  return bytes
}

/** Appends the 64-bit integer `n` to `bytes` as signed LEB128. */
export function signedLeb64(n: bigint, bytes: number[] = []): number[] {
  while (n < -64n || n > 63n) {
    bytes.push(Number(n & 127n) | 128)
    n >>= 7n
  }
  bytes.push(Number(n & 127n))
  return bytes
}

/** The four bytes of an i32 (low 32 bits of `n`), low byte first. */
export const int32Bytes = (n: number): number[] => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24]

/** The four bytes of `x` rounded to f32, low byte first. */
export function float32Bytes(x: number): number[] {
  scratch.setFloat32(0, x, true)
  return int32Bytes(scratch.getInt32(0, true))
}

/** Appends bytes in amortised constant time. */
export class ByteWriter {
  #data: Uint8Array<ArrayBuffer> = new Uint8Array(1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The bytes written so far. The view is valid until the next write, which may move the buffer. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#data.subarray(0, this.#length)
  }

  byte(b: number): void {
    this.#reserve(1)
    this.#data[this.#length++] = b
  }

  bytes(list: readonly number[] | Uint8Array): void {
    this.#reserve(list.length)
    // Most lists are an opcode and an immediate. A loop is faster than TypedArray.set for a few elements.
    if (list.length < 16) for (let i = 0; i < list.length; i++) this.#data[this.#length + i] = list[i]
    else this.#data.set(list, this.#length)
    this.#length += list.length
  }

  /** Unsigned LEB128: counts, indices and sizes. */
  u32(n: number): void {
    for (; n > 127; n >>>= 7) this.byte((n & 127) | 128)
    this.byte(n)
  }

  /** A length, then the bytes: the format of sections, names and function bodies. */
  sized(list: readonly number[] | Uint8Array): void {
    this.u32(list.length)
    this.bytes(list)
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#data.length) return
    const grown = new Uint8Array(Math.max(needed, this.#data.length * 2))
    grown.set(this.written)
    this.#data = grown
  }
}
