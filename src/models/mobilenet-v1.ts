/**
 * MobileNet V1: Howard et al. 2017, arXiv:1704.04861, table 1, with alpha (width) and rho (size). Table 1 prints stride 2
 * for the last depthwise convolution; its shapes and the released code have 1. The paper says ReLU; the released code,
 * Keras and timm have ReLU6, and so do these tables (`activation: 'relu'` gives the paper's word).
 */
import { type Definition, type Family, grid, type Publication } from './family.ts'
import { _, conv, dense, type OperatorCell, pool, separable, type TableRow, table } from './table.ts'
import { makeDivisible, type WidthRule } from './width.ts'

const rounding: Record<WidthRule, (channels: number) => number> = {
  paper: (channels) => Math.max(Math.trunc(channels), 8),
  keras: (channels) => Math.max(Math.trunc(channels), 8),
  timm: makeDivisible,
  torchvision: makeDivisible,
}

const family: Family = {
  // Keep probability 0.999 in the released code. SE-MobileNet (Hu et al. 2018) has reduction 16 and a sigmoid.
  defaults: { dropout: 0.001, seRatio: 16, seDivisor: 1, seGate: 'sigmoid' },
  separable: true,
  widths: (rows, width, rule) =>
    rows.map((row) => (typeof row.out === 'number' ? { ...row, out: rounding[rule](row.out * width) } : row)),
}

type Columns = [input: string, operator: OperatorCell, out: number | 'k' | undefined, n: number, s: number]
const v1 = (rows: readonly Columns[]): TableRow[] =>
  table(
    rows.map(([input, operator, out = 0, n, stride]) => ({
      ...operator,
      input,
      out,
      n,
      stride,
      act: out === 0 || out === 'k' ? 'none' : 'relu6',
      shortcut: false,
    })),
  )

const head: readonly Columns[] = [
  ['7x7x1024', pool, _, 1, 1],
  ['1x1x1024', dense, 'k', 1, 1],
]
const upTo14: readonly Columns[] = [
  // input       operator      out  n  s
  ['224x224x3', conv(3), 32, 1, 2],
  ['112x112x32', separable(3), 64, 1, 1],
  ['112x112x64', separable(3), 128, 1, 2],
  ['56x56x128', separable(3), 128, 1, 1],
  ['56x56x128', separable(3), 256, 1, 2],
  ['28x28x256', separable(3), 256, 1, 1],
  ['28x28x256', separable(3), 512, 1, 2],
]
const at14: readonly Columns[] = [['14x14x512', separable(3), 512, 5, 1]]
const from14: readonly Columns[] = [
  ['14x14x512', separable(3), 1024, 1, 2],
  ['7x7x1024', separable(3), 1024, 1, 1],
]

const full = v1([...upTo14, ...at14, ...from14, ...head])
export const mobileNetV1 = {
  mobilenet_v1: {
    family,
    table: full,
  },
  mobilenet_v1_standard: {
    family,
    table: full,
    defaults: { convolution: 'standard' },
  },
  mobilenet_v1_shallow: {
    family,
    table: v1([...upTo14, ...from14, ...head]),
  },
  mobilenet_v1_h: {
    family,
    table: v1([...upTo14, ...at14, ...from14, ['7x7x1024', conv(1), 1024, 1, 1], ...head]),
  },
} satisfies Record<string, Definition>

const paper = 'Howard et al. 2017, arXiv:1704.04861'

/** Where these networks are published, for lists of models. */
export const publishedV1 = (): Record<keyof typeof mobileNetV1, Publication> => ({
  mobilenet_v1: {
    title: 'MobileNet V1',
    source: `${paper}, table 1`,
    reported: [
      ...grid(`${paper}, tables 6 and 7`, [224], { 1: [70.6], 0.75: [68.4], 0.5: [63.7], 0.25: [50.6] }),
      ...grid('TF-slim mobilenet_v1.md, 2018-02-22', [224, 192, 160, 128], {
        1: [70.9, 70.0, 68.0, 65.2],
        0.75: [68.4, 67.2, 65.3, 62.1],
        0.5: [63.3, 61.7, 59.1, 56.3],
        0.25: [49.8, 47.7, 45.5, 41.5],
      }),
    ],
  },
  mobilenet_v1_standard: {
    title: 'MobileNet V1 with standard convolutions',
    source: `${paper}, table 4`,
    reported: grid(`${paper}, table 4`, [224], { 1: [71.7] }),
  },
  mobilenet_v1_shallow: {
    title: 'MobileNet V1 without its five blocks at 14 x 14',
    source: `${paper}, table 5`,
    reported: grid(`${paper}, table 5`, [224], { 1: [65.3] }),
  },
  mobilenet_v1_h: {
    title: 'MobileNet V1 with a 1x1 convolution before the pool',
    source: 'timm, mobilenetv1_100h',
    reported: grid('timm, mobilenetv1_100h.ra4_e3600_r224_in1k', [224], { 1: [75.664] }),
  },
})
