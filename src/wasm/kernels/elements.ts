/** Places of elements in bytes: the dtype gives the size of an element, and all addresses follow from it. */
import { bytesOf, type DType } from '../../core/index.ts'
import { type I32, i32 } from '../assembler/index.ts'

/** Bytes of a vector. */
export const vectorBytes = 16

/** Bytes of an element of a value. */
export const elementBytes = ({ dtype }: { readonly dtype: DType }): number => bytesOf(dtype)

/** Converts a byte offset among elements of `from` bytes to the offset of the same element among elements of `to` bytes. */
export function placeAmong(place: I32, from: number, to: number): I32 {
  if (from === to) return place
  return from > to ? i32.divU(place, from / to) : i32.mul(place, to / from)
}
