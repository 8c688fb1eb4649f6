/**
 * The inverted residual of V2 and V3: expand, depthwise, project. Sandler et al. 2018, arXiv:1801.04381, figure 4; with
 * squeeze-and-excitation Howard et al. 2019, arXiv:1905.02244, figure 4. If the expansion is as wide as the input, there is
 * no expansion layer.
 */
import { defineBlock, member } from './define.ts'
import { addShortcut, channelsOf, conv, depthwise, squeezeExcite } from './parts.ts'

const { window, channels, activation, count, flag } = member

export const bneck = defineBlock({
  name: 'bneck',
  kind: 'residual',
  row: {
    kernel: window,
    exp: channels,
    out: channels,
    act: activation,
    outAct: activation,
    stride: count,
    shortcut: flag,
    se: flag,
  },
  gatedWidth: ({ exp }) => exp,
  build(b, x, row, options) {
    const expanded = row.exp === channelsOf(x) ? x : conv(b, 'expand', x, { out: row.exp, kernel: 1 }, row.act)
    if (row.standard) {
      const y = conv(b, 'conv', squeezeExcite(b, expanded, row, options), row, row.outAct)
      return addShortcut(b, y, x, row)
    }
    const y = squeezeExcite(b, depthwise(b, 'depthwise', expanded, row, row.act), row, options)
    return addShortcut(b, conv(b, 'project', y, { out: row.out, kernel: 1 }, row.outAct), x, row)
  },
})
