/**
 * MobileNet V2: Sandler et al. 2018, arXiv:1801.04381, table 2 (t, c, n, s). The stride belongs to the first block of a
 * row. The expansion is t times the block's input, rounded channels included; t = 1 has no expansion layer. Below width 1
 * the last convolution keeps its 1280 channels. Contrasts: a ReLU6 after the projection, and no shortcuts (section 6).
 */
import { type Definition, type Family, grid, type Publication } from './family.ts'
import { _, bneck, conv, dense, isBlock, type OperatorCell, pool, type TableRow, table } from './table.ts'
import { makeDivisible } from './width.ts'

/** Expansions follow from the rounded input of each block. */
function expanded(rows: readonly TableRow[]): TableRow[] {
  let channels = 0
  return rows.map((row) => {
    const exp = row.t * channels
    if (typeof row.out === 'number' && row.out > 0) channels = row.out
    return { ...row, exp }
  })
}

const family: Family = {
  defaults: { dropout: 0.2 },
  separable: true,
  widths: (rows, width) =>
    expanded(
      rows.map((row) => {
        const scale = row.name === 'last' ? Math.max(1, width) : width
        return typeof row.out === 'number' && row.out > 0 ? { ...row, out: makeDivisible(row.out * scale) } : row
      }),
    ),
}

/** timm's deeper networks: stem and last convolution keep their channels at every width. */
const fixedEnds: Family = {
  ...family,
  widths: (rows, width) =>
    expanded(rows.map((row) => (isBlock(row) ? { ...row, out: makeDivisible(Number(row.out) * width) } : row))),
}

type Columns = [
  input: string,
  operator: OperatorCell,
  t: number | undefined,
  c: number | 'k' | undefined,
  n: number,
  s: number,
]
const rows: readonly Columns[] = [
  // input      operator  t  c   n  s
  ['224x224x3', conv(3), _, 32, 1, 2],
  ['112x112x32', bneck(3), 1, 16, 1, 1],
  ['112x112x16', bneck(3), 6, 24, 2, 2],
  ['56x56x24', bneck(3), 6, 32, 3, 2],
  ['28x28x32', bneck(3), 6, 64, 4, 2],
  ['14x14x64', bneck(3), 6, 96, 3, 1],
  ['14x14x96', bneck(3), 6, 160, 3, 2],
  ['7x7x160', bneck(3), 6, 320, 1, 1],
  ['7x7x320', conv(1), _, 1280, 1, 1],
  ['7x7x1280', pool, _, _, 1, 1],
  ['1x1x1280', dense, _, 'k', 1, 1],
]
const v2 = (columns: readonly Columns[], change: Partial<TableRow> = {}): TableRow[] =>
  table(
    columns.map(([input, operator, t = 0, out = 0, n, stride]) => ({
      ...operator,
      input,
      t,
      out,
      n,
      stride,
      act: out === 0 || out === 'k' ? 'none' : 'relu6',
      ...(isBlock(operator) && change),
    })),
  )

/** More blocks in each row but the first and the last of them, as timm's depth multiplier has it. */
const deeper = (depth: number): Columns[] =>
  rows.map(([input, operator, t, c, n, s]) => [
    input,
    operator,
    t,
    c,
    isBlock(operator) && c !== 16 && c !== 320 ? Math.ceil(n * depth) : n,
    s,
  ])

export const mobileNetV2 = {
  mobilenet_v2: {
    family,
    table: v2(rows),
  },
  mobilenet_v2_relu_projection: {
    family,
    table: v2(rows, { outAct: 'relu6' }),
  },
  mobilenet_v2_no_shortcuts: {
    family,
    table: v2(rows, { shortcut: false }),
  },
  mobilenet_v2_110d: {
    family: fixedEnds,
    table: v2(deeper(1.2)),
    defaults: { width: 1.1 },
  },
  mobilenet_v2_120d: {
    family: fixedEnds,
    table: v2(deeper(1.4)),
    defaults: { width: 1.2 },
  },
} satisfies Record<string, Definition>

const paper = 'Sandler et al. 2018, arXiv:1801.04381'

/** Where these networks are published, for lists of models. */
export const publishedV2 = (): Record<keyof typeof mobileNetV2, Publication> => ({
  mobilenet_v2: {
    title: 'MobileNet V2',
    source: `${paper}, table 2`,
    reported: [
      ...grid(`${paper}, table 4`, [224], { 1: [72.0], 1.4: [74.7] }),
      ...grid('TF-slim mobilenet/README.md', [224], { 1.4: [75.0], 1.3: [74.4] }),
      ...grid('TF-slim mobilenet/README.md', [224, 192, 160, 128, 96], {
        1: [71.8, 70.7, 68.8, 65.3, 60.3],
        0.75: [69.8, 68.7, 66.4, 63.2, 58.8],
        0.5: [65.4, 63.9, 61.0, 57.7, 51.2],
        0.35: [60.3, 58.2, 55.7, 50.8, 45.5],
      }),
    ],
  },
  mobilenet_v2_relu_projection: {
    title: 'MobileNet V2 with ReLU6 after the projection',
    source: `${paper}, section 6 and figure 6a`,
    reported: [],
  },
  mobilenet_v2_no_shortcuts: {
    title: 'MobileNet V2 without shortcuts',
    source: `${paper}, section 6 and figure 6b`,
    reported: [],
  },
  mobilenet_v2_110d: {
    title: 'MobileNet V2, 1.2 times as deep',
    source: 'timm, mobilenetv2_110d',
    reported: grid('timm, mobilenetv2_110d.ra_in1k', [224], { 1.1: [75.056] }),
  },
  mobilenet_v2_120d: {
    title: 'MobileNet V2, 1.4 times as deep',
    source: 'timm, mobilenetv2_120d',
    reported: grid('timm, mobilenetv2_120d.ra_in1k', [224], { 1.2: [77.3] }),
  },
})
