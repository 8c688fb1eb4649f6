/** The depthwise-separable block of V1: depthwise and pointwise convolution. Howard et al. 2017, arXiv:1704.04861, figure 3. */
import { defineBlock, member } from './define.ts'
import { conv, depthwise, squeezeExcite } from './parts.ts'

const { window, channels, activation, count, flag } = member

export const separable = defineBlock({
  name: 'separable',
  kind: 'block',
  row: { kernel: window, out: channels, act: activation, stride: count, se: flag },
  gatedWidth: ({ out }) => out,
  build(b, x, row, options) {
    if (row.standard) return squeezeExcite(b, conv(b, 'conv', x, row, row.act), row, options)
    const y = depthwise(b, 'depthwise', x, row, row.act)
    return squeezeExcite(b, conv(b, 'pointwise', y, { out: row.out, kernel: 1 }, row.act), row, options)
  },
})
