/** Samples of elementwise ops: sizes that leave SIMD tails, and each way to broadcast. */

export const binarySamples = [
  { inputs: { a: [2, 3, 5, 7], b: [2, 3, 5, 7] } },
  { inputs: { a: [2, 3, 3, 5], b: [5] } },
  { inputs: { a: [1], b: [4, 6] } },
  { inputs: { a: [3, 4, 1, 8], b: [3, 1, 1, 8] } },
  { inputs: { a: [3, 2, 2, 5], b: [3, 1, 1, 5] } },
  { inputs: { a: [3, 1], b: [2, 3, 4] } },
] as const
/* @__NO_SIDE_EFFECTS__ */
export function away(range: readonly [number, number]) {
  return binarySamples.map((s) => ({ ...s, range }))
}

export const unarySamples = [
  { inputs: { x: [2, 3, 5, 7] } },
  { inputs: { x: [1] } },
  { inputs: { x: [4, 16] } },
] as const
/* @__NO_SIDE_EFFECTS__ */
export function unaryIn(range: readonly [number, number], kinks: readonly number[] = []) {
  return unarySamples.map((s) => ({ ...s, range, kinks }))
}
