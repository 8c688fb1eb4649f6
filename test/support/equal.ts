/**
 * `toEqual` finds typed arrays of the same bytes equal at once, instead of comparing millions of weights one by one.
 * Others it compares as usual, and shows where they differ.
 */
import { expect } from 'vitest'

const isTyped = (x: unknown): x is Uint8Array => ArrayBuffer.isView(x) && !(x instanceof DataView)
const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength)

expect.addEqualityTesters([
  (a: unknown, b: unknown) =>
    isTyped(a) && isTyped(b) && a.constructor === b.constructor && bytesOf(a).equals(bytesOf(b)) ? true : undefined,
])
