/**
 * MobileNet V3: Howard et al. 2019, arXiv:1905.02244, tables 1 (Large) and 2 (Small). Table 2 ticks SE on the last 1x1
 * convolution; no released code has it, nor do these tables. Its head is 1024 (older text 1280: `head: 1280`). Contrasts:
 * the minimalistic forms (no SE, no h-swish, only 3x3), ReLU instead of h-swish (table 5), and no SE.
 */
import { type Definition, type Family, grid, type Publication } from './family.ts'
import { _, bneck, conv, dense, isBlock, type OperatorCell, pool, type TableRow, table } from './table.ts'
import { makeDivisible, type WidthRule } from './width.ts'

interface Rule {
  stem(width: number): number
  /** Channels of an expansion: as listed, the block's listed input, and what that input became. */
  expansion(listed: number, listedInput: number, input: number, width: number): number
  last(listed: number, input: number, width: number): number
  head(listed: number, width: number): number
}
const stemWidth = 16
const scaled = (listed: number, width: number): number => makeDivisible(listed * width)
const fromInput: Rule['expansion'] = (listed, listedInput, input) => makeDivisible((input * listed) / listedInput)
const sixfold: Rule['last'] = (_listed, input) => 6 * input
const paperRule: Rule = {
  stem: (width) => scaled(stemWidth, width),
  expansion: fromInput,
  last: (listed, _input, width) => scaled(listed, width),
  head: (listed) => listed,
}
const rules: Record<WidthRule, Rule> = {
  paper: paperRule,
  timm: { ...paperRule, stem: (width) => (width < 0.75 ? stemWidth : scaled(stemWidth, width)) },
  keras: {
    stem: () => stemWidth,
    expansion: fromInput,
    last: sixfold,
    head: (listed, width) => (width > 1 ? scaled(listed, width) : listed),
  },
  torchvision: {
    stem: paperRule.stem,
    expansion: (listed, _listedInput, _input, width) => scaled(listed, width),
    last: sixfold,
    head: scaled,
  },
}

const family: Family = {
  defaults: { dropout: 0.2 },
  separable: true,
  widths(rows, width, name) {
    const rule = rules[name]
    let [listedInput, input] = [0, 0]
    return rows.map((row) => {
      const listed = row.out
      if (typeof listed !== 'number' || listed === 0) return row
      const special: Record<string, number> = {
        stem: rule.stem(width),
        last: rule.last(listed, input, width),
        head: rule.head(listed, width),
      }
      const out = special[row.name] ?? scaled(listed, width)
      const exp = row.exp && rule.expansion(row.exp, listedInput, input, width)
      ;[listedInput, input] = [listed, out]
      return { ...row, out, exp }
    })
  },
}

type NonLinearity = 'RE' | 'HS'
type Columns = [
  input: string,
  operator: OperatorCell,
  exp: number | undefined,
  out: number | 'k' | undefined,
  SE: boolean | undefined,
  NL: NonLinearity | undefined,
  s: number,
]
const [SE, RE, HS] = [true, 'RE', 'HS'] as const
const activations = { RE: 'relu', HS: 'hard_swish' } as const

const large: readonly Columns[] = [
  // input      operator  exp  out  SE  NL  s
  ['224x224x3', conv(3), _, 16, _, HS, 2],
  ['112x112x16', bneck(3), 16, 16, _, RE, 1],
  ['112x112x16', bneck(3), 64, 24, _, RE, 2],
  ['56x56x24', bneck(3), 72, 24, _, RE, 1],
  ['56x56x24', bneck(5), 72, 40, SE, RE, 2],
  ['28x28x40', bneck(5), 120, 40, SE, RE, 1],
  ['28x28x40', bneck(5), 120, 40, SE, RE, 1],
  ['28x28x40', bneck(3), 240, 80, _, HS, 2],
  ['14x14x80', bneck(3), 200, 80, _, HS, 1],
  ['14x14x80', bneck(3), 184, 80, _, HS, 1],
  ['14x14x80', bneck(3), 184, 80, _, HS, 1],
  ['14x14x80', bneck(3), 480, 112, SE, HS, 1],
  ['14x14x112', bneck(3), 672, 112, SE, HS, 1],
  ['14x14x112', bneck(5), 672, 160, SE, HS, 2],
  ['7x7x160', bneck(5), 960, 160, SE, HS, 1],
  ['7x7x160', bneck(5), 960, 160, SE, HS, 1],
  ['7x7x160', conv(1), _, 960, _, HS, 1],
  ['7x7x960', pool, _, _, _, _, 1],
  ['1x1x960', dense, _, 1280, _, HS, 1],
  ['1x1x1280', dense, _, 'k', _, _, 1],
]
const small: readonly Columns[] = [
  // input      operator  exp  out  SE  NL  s
  ['224x224x3', conv(3), _, 16, _, HS, 2],
  ['112x112x16', bneck(3), 16, 16, SE, RE, 2],
  ['56x56x16', bneck(3), 72, 24, _, RE, 2],
  ['28x28x24', bneck(3), 88, 24, _, RE, 1],
  ['28x28x24', bneck(5), 96, 40, SE, HS, 2],
  ['14x14x40', bneck(5), 240, 40, SE, HS, 1],
  ['14x14x40', bneck(5), 240, 40, SE, HS, 1],
  ['14x14x40', bneck(5), 120, 48, SE, HS, 1],
  ['14x14x48', bneck(5), 144, 48, SE, HS, 1],
  ['14x14x48', bneck(5), 288, 96, SE, HS, 2],
  ['7x7x96', bneck(5), 576, 96, SE, HS, 1],
  ['7x7x96', bneck(5), 576, 96, SE, HS, 1],
  ['7x7x96', conv(1), _, 576, _, HS, 1],
  ['7x7x576', pool, _, _, _, _, 1],
  ['1x1x576', dense, _, 1024, _, HS, 1],
  ['1x1x1024', dense, _, 'k', _, _, 1],
]

const v3 = (columns: readonly Columns[]): TableRow[] =>
  table(
    columns.map(([input, operator, exp = 0, out = 0, se = false, NL, stride]) => ({
      ...operator,
      input,
      exp,
      out,
      se,
      act: NL ? activations[NL] : 'none',
      stride,
    })),
  )

const minimalistic = (columns: readonly Columns[]): TableRow[] =>
  v3(columns).map((row) => ({
    ...row,
    se: false,
    act: row.act === 'none' ? 'none' : 'relu',
    kernel: isBlock(row) ? 3 : row.kernel,
  }))

/** What the paper varies, for one of its two tables. */
const contrasts = (columns: readonly Columns[]) =>
  ({
    relu: { family, table: v3(columns), defaults: { activation: 'relu' } },
    noSe: { family, table: v3(columns), defaults: { se: 'none' } },
    reluNoSe: { family, table: v3(columns), defaults: { activation: 'relu', se: 'none' } },
  }) satisfies Record<string, Definition>
const largeContrasts = contrasts(large)
const smallContrasts = contrasts(small)

export const mobileNetV3 = {
  mobilenet_v3_large: { family, table: v3(large) },
  mobilenet_v3_small: { family, table: v3(small) },
  mobilenet_v3_large_minimalistic: { family, table: minimalistic(large) },
  mobilenet_v3_small_minimalistic: { family, table: minimalistic(small) },
  mobilenet_v3_large_relu: largeContrasts.relu,
  mobilenet_v3_large_no_se: largeContrasts.noSe,
  mobilenet_v3_large_relu_no_se: largeContrasts.reluNoSe,
  mobilenet_v3_small_relu: smallContrasts.relu,
  mobilenet_v3_small_no_se: smallContrasts.noSe,
  mobilenet_v3_small_relu_no_se: smallContrasts.reluNoSe,
  mobilenet_v3_rw: {
    family,
    table: v3(large).map((row) => ({ ...row, bias: row.name !== 'head', shortcut: row.name !== 'blocks.0' })),
    defaults: { seDivisor: 1 },
  },
} satisfies Record<string, Definition>

const paper = 'Howard et al. 2019, arXiv:1905.02244'
const appendix = `${paper}, table 9`
const kept = 'TF-slim mobilenet/README.md'
const inLarge = { title: 'MobileNet V3 Large', source: `${paper}, table 1` }
const inSmall = { title: 'MobileNet V3 Small', source: `${paper}, table 2` }

const publishedContrasts = ({ title, source }: Pick<Publication, 'title' | 'source'>) =>
  ({
    relu: { title: `${title} with ReLU in the place of h-swish`, source: `${source} and table 5`, reported: [] },
    noSe: { title: `${title} without squeeze-and-excitation`, source, reported: [] },
    reluNoSe: { title: `${title} with ReLU and without squeeze-and-excitation`, source, reported: [] },
  }) satisfies Record<string, Publication>
/** Where these networks are published, for lists of models. */
export const publishedV3 = (): Record<keyof typeof mobileNetV3, Publication> => ({
  mobilenet_v3_large: {
    ...inLarge,
    reported: [
      ...grid(appendix, [224], { 1.25: [76.6], 0.75: [73.3], 0.5: [68.8], 0.35: [64.2] }),
      ...grid(appendix, [224, 256, 192, 160, 128, 96], { 1: [75.2, 76.0, 73.7, 71.7, 68.4, 63.3] }),
    ],
  },
  mobilenet_v3_small: {
    ...inSmall,
    reported: [
      ...grid(appendix, [224], { 1.25: [70.4], 0.75: [65.4], 0.5: [58.0], 0.35: [49.8] }),
      ...grid(appendix, [224, 256, 160, 128, 96], { 1: [67.5, 68.5, 62.8, 57.3, 51.7] }),
    ],
  },
  mobilenet_v3_large_minimalistic: {
    title: 'MobileNet V3 Large, minimalistic',
    source: kept,
    reported: grid(kept, [224], { 1: [72.3] }),
  },
  mobilenet_v3_small_minimalistic: {
    title: 'MobileNet V3 Small, minimalistic',
    source: kept,
    reported: grid(kept, [224], { 1: [61.9] }),
  },
  mobilenet_v3_large_relu: {
    ...publishedContrasts(inLarge).relu,
    reported: grid(`${paper}, table 5`, [224], { 1: [74.5] }),
  },
  mobilenet_v3_large_no_se: publishedContrasts(inLarge).noSe,
  mobilenet_v3_large_relu_no_se: publishedContrasts(inLarge).reluNoSe,
  mobilenet_v3_small_relu: publishedContrasts(inSmall).relu,
  mobilenet_v3_small_no_se: publishedContrasts(inSmall).noSe,
  mobilenet_v3_small_relu_no_se: publishedContrasts(inSmall).reluNoSe,
  mobilenet_v3_rw: {
    title: 'MobileNet V3 Large, head without bias, squeezed channels not rounded, first block without shortcut',
    source: 'timm, mobilenetv3_rw',
    reported: grid('timm, mobilenetv3_rw.rmsp_in1k', [224], { 1: [75.616] }),
  },
})
