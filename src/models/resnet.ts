/**
 * ResNet-18 and ResNet-50: He et al. 2015, arXiv:1512.03385, table 1, the dense networks that MobileNets are compared
 * with. The stride of a bottleneck is on its 3x3 convolution, as in torchvision (in the paper it is on the first 1x1).
 * A block that changes stride or channels has a 1x1 convolution in its shortcut.
 */
import { type Definition, type Family, grid, type Publication } from './family.ts'
import { _, basic, bottleneck, conv, dense, maxPool, type OperatorCell, pool, type TableRow, table } from './table.ts'
import { makeDivisible } from './width.ts'

const scale = (channels: number, width: number): number => (channels ? makeDivisible(channels * width) : 0)

const family: Family = {
  defaults: {
    dropout: 0,
    convolution: 'standard',
    batchNormEps: 1e-5,
    seRatio: 16,
    seDivisor: 1,
    seGate: 'sigmoid',
  },
  separable: false,
  widths: (rows, width) =>
    rows.map((row) => ({
      ...row,
      exp: scale(row.exp, width),
      out: typeof row.out === 'number' ? scale(row.out, width) : row.out,
    })),
}

type Columns = [
  input: string,
  operator: OperatorCell,
  inner: number | undefined,
  out: number | 'k' | undefined,
  n: number,
  s: number,
]
const resnet = (columns: readonly Columns[]): TableRow[] =>
  table(
    columns.map(([input, operator, exp = 0, out = 0, n, stride]) => ({
      ...operator,
      input,
      exp,
      out,
      n,
      stride,
      act: out === 0 || out === 'k' ? 'none' : 'relu',
    })),
  )

export const resNet = {
  resnet18: {
    family,
    table: resnet([
      // input      operator  inner  out  n  s
      ['224x224x3', conv(7), _, 64, 1, 2],
      ['112x112x64', maxPool(3), _, _, 1, 2],
      ['56x56x64', basic(3), _, 64, 2, 1],
      ['56x56x64', basic(3), _, 128, 2, 2],
      ['28x28x128', basic(3), _, 256, 2, 2],
      ['14x14x256', basic(3), _, 512, 2, 2],
      ['7x7x512', pool, _, _, 1, 1],
      ['1x1x512', dense, _, 'k', 1, 1],
    ]),
  },
  resnet50: {
    family,
    table: resnet([
      // input      operator  inner  out  n  s
      ['224x224x3', conv(7), _, 64, 1, 2],
      ['112x112x64', maxPool(3), _, _, 1, 2],
      ['56x56x64', bottleneck(3), 64, 256, 3, 1],
      ['56x56x256', bottleneck(3), 128, 512, 4, 2],
      ['28x28x512', bottleneck(3), 256, 1024, 6, 2],
      ['14x14x1024', bottleneck(3), 512, 2048, 3, 2],
      ['7x7x2048', pool, _, _, 1, 1],
      ['1x1x2048', dense, _, 'k', 1, 1],
    ]),
  },
} satisfies Record<string, Definition>

const paper = 'He et al. 2015, arXiv:1512.03385, table 1'

/** Where these networks are published, for lists of models. */
export const publishedResNet = (): Record<keyof typeof resNet, Publication> => ({
  resnet18: {
    title: 'ResNet-18',
    source: paper,
    reported: [],
  },
  resnet50: {
    title: 'ResNet-50',
    source: paper,
    reported: grid('Hu et al. 2018, arXiv:1709.01507, table 2', [224], { 1: [75.2] }),
  },
})
