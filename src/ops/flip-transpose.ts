/** Rearranges weights for the convolution of a gradient. Only lowering makes this op, after differentiation. */
import { completeOp, free, no } from './contract.ts'
import { declareOp, native } from './define.ts'

/** w [kh, kw, cin, cout] as [kh * kw * cout, cin], its rows and columns in reverse order. */
export const flipTranspose = declareOp({
  name: 'flip_transpose',
  inputs: { w: 'HWIO' },
  attrs: {},
  shape: ({ w: { shape } }) => [shape[0] * shape[1] * shape[3], shape[2]],
  lower: native,
})

export const flipTransposeContract = completeOp(flipTranspose, {
  cost: free,
  reference({ w }, _, y) {
    const [kh, kw, cin, cout] = w.shape
    const last = kh * kw - 1
    for (let tap = 0; tap <= last; tap++)
      for (let o = 0; o < cout; o++)
        for (let i = 0; i < cin; i++) y.data[(tap * cout + o) * cin + i] = w.data[((last - tap) * cin + i) * cout + o]
  },
  grad: /* @__PURE__ */ no('it is made by lowering, after differentiation'),
  samples: [{ inputs: { w: [3, 3, 5, 8] } }, { inputs: { w: [2, 3, 1, 17] } }, { inputs: { w: [1, 1, 3, 1] } }],
})
