/** Rows that are in no table, with each operator once. */
import type { RowSpec } from '../../src/models/index.ts'

const row = {
  kernel: 3,
  exp: 0,
  act: 'relu',
  outAct: 'none',
  stride: 1,
  shortcut: true,
  se: false,
  bias: true,
} as const

export const mixedRows: readonly RowSpec[] = [
  { ...row, name: 'stem', operator: 'conv', out: 8, stride: 2 },
  { ...row, name: 'stem_pool', operator: 'max_pool', out: 0, stride: 2 },
  { ...row, name: 'blocks.0', operator: 'bneck', kernel: 5, exp: 28, out: 12, act: 'hard_swish', stride: 2, se: true },
  { ...row, name: 'blocks.1', operator: 'separable', kernel: 7, out: 12, act: 'relu6', stride: 2 },
  { ...row, name: 'blocks.2', operator: 'basic', out: 12, se: true },
  { ...row, name: 'blocks.3', operator: 'bottleneck', exp: 4, out: 20, stride: 2 },
  { ...row, name: 'last', operator: 'conv', kernel: 1, out: 24 },
  { ...row, name: 'pool', operator: 'pool', kernel: 0, out: 0, act: 'none' },
  { ...row, name: 'head', operator: 'linear', kernel: 1, out: 12, act: 'hard_swish', bias: false },
  { ...row, name: 'classifier', operator: 'linear', kernel: 1, out: 10, act: 'none' },
]
