/** Where elements lie: an element takes as many bytes as its dtype says, and every address is counted from that. */
import { bytesOf, type DType } from '../../core/index.ts'
import { type I32, i32 } from '../assembler/index.ts'

/** Bytes of a vector. */
export const vectorBytes = 16

/** Bytes of an element of a value. */
export const elementBytes = ({ dtype }: { readonly dtype: DType }): number => bytesOf(dtype)

/** A place among elements of `from` bytes, in bytes, as the place of the same element among elements of `to` bytes. */
export function placeAmong(place: I32, from: number, to: number): I32 {
  if (from === to) return place
  return from > to ? i32.divU(place, from / to) : i32.mul(place, to / from)
}
