/** Clamps x between two numbers. */
import { assert } from '../core/index.ts'
import { cut, cutValue, within } from './activations.ts'
import type { Value } from './define.ts'
import { mul } from './elementwise.ts'
import { completeElementwise } from './elementwise-contract.ts'
import { declareElementwise } from './elementwise-op.ts'

const clampDefinition = declareElementwise({
  name: 'clamp',
  inputs: 'x',
  attrs: { min: 0, max: 1 },
  lower: ({ min, max }, x) => cutValue(x, min, max),
})

export const clampContract = completeElementwise(clampDefinition, {
  apply: ({ min, max }, x) => cut(x, min, max),
  grad: ({ min, max }, dy, _y, x) => [mul(dy, within(x, min, max))],
  samples: [
    { inputs: { x: [2, 3, 5, 7] }, range: [-2, 2], kinks: [0, 1] },
    { inputs: { x: [1] }, range: [-2, 2], kinks: [0, 1] },
    { inputs: { x: [4, 16] }, range: [-2, 2], kinks: [0, 1] },
    { inputs: { x: [3, 5] }, attrs: { min: -0.5, max: 0.25 }, kinks: [-0.5, 0.25] },
  ],
})

/** min(max(x, `min`), `max`) */
export const clamp: typeof clampDefinition = Object.assign(
  (...[x, attrs]: Parameters<typeof clampDefinition>): Value => {
    const { min, max } = { min: 0, max: 1, ...attrs }
    assert(min < max, () => `clamp: min is ${min}, max is ${max}: min must be below max`)
    return clampDefinition(x, { min, max })
  },
  { op: clampDefinition.op },
)
