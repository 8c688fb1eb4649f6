/** The two blocks of ResNet: He et al. 2015, arXiv:1512.03385, figure 5. */
import { defineBlock, member } from './define.ts'
import { addProjected, conv, squeezeExcite } from './parts.ts'

const { window, channels, activation, count, flag } = member
const row = { kernel: window, out: channels, act: activation, stride: count, se: flag }

export const basic = defineBlock({
  name: 'basic',
  kind: 'residual',
  row,
  gatedWidth: ({ out }) => out,
  build(b, x, row, options) {
    const { out, kernel, dilation } = row
    const y = conv(b, 'conv2', conv(b, 'conv1', x, row, row.act), { out, kernel, dilation }, 'none')
    return addProjected(b, squeezeExcite(b, y, row, options), x, row)
  },
})

export const bottleneck = defineBlock({
  name: 'bottleneck',
  kind: 'residual',
  row: { ...row, exp: channels },
  gatedWidth: ({ out }) => out,
  build(b, x, row, options) {
    const narrow = conv(b, 'conv1', x, { out: row.exp, kernel: 1 }, row.act)
    const inner = conv(b, 'conv2', narrow, { ...row, out: row.exp }, row.act)
    const y = conv(b, 'conv3', inner, { out: row.out, kernel: 1 }, 'none')
    return addProjected(b, squeezeExcite(b, y, row, options), x, row)
  },
})
