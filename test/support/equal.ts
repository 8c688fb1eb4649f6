/**
 * Makes `toEqual` compare typed arrays by their bytes, instead of millions of weights one by one. Arrays that differ are
 * compared as usual, so that a failure shows where.
 */
import { expect } from 'vitest'

const isTyped = (x: unknown): x is Uint8Array => ArrayBuffer.isView(x) && !(x instanceof DataView)
const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength)

expect.addEqualityTesters([
  (a: unknown, b: unknown) =>
    isTyped(a) && isTyped(b) && a.constructor === b.constructor && bytesOf(a).equals(bytesOf(b)) ? true : undefined,
])
