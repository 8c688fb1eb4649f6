/** Comparison and selection: primitives like those of elementwise.ts. */
import { native } from './define.ts'
import { completeElementwise, type Flow } from './elementwise-contract.ts'
import { declareElementwise } from './elementwise-op.ts'
import { binarySamples } from './elementwise-samples.ts'

/** 1 where a > b, else 0: a mask, which has no gradient. */
export const greater = declareElementwise({
  name: 'greater',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => (a > b ? 1 : 0),
  lower: native,
})

export const greaterContract = completeElementwise(greater, {
  grad: () => [undefined, undefined],
  samples: binarySamples,
})

/** a where c is not 0, else b. */
export const where = declareElementwise({
  name: 'where',
  inputs: 'cab',
  attrs: {},
  apply: (_, c, a, b) => (c !== 0 ? a : b),
  lower: native,
})

export const whereContract = completeElementwise(where, {
  grad: (_, dy, _y, c): Flow => [undefined, where(c, dy, 0), where(c, 0, dy)],
  samples: [{ inputs: { c: [2, 3, 5], a: [2, 3, 5], b: [5] }, kinks: [0] }],
})
