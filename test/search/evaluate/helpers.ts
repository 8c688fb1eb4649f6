/** Helpers for tests of evaluation strategies. */
import { type Activation, build, type Model } from '../../../src/models/index.ts'
import type { EvaluationContext } from '../../../src/search/evaluate/evaluator.ts'
import type { Point } from '../../../src/search/space/space.ts'
import type { StepReport } from '../../../src/search/trial.ts'
import { wasmEngine } from '../../../src/wasm/index.ts'
import { side } from '../../train/toys.ts'

export const engine = wasmEngine({ threads: 1 })

/** A network of two blocks for the toy set. It is small, since compiling dominates the time of these tests. */
export function networkOf({ width = 0.1, act = 'relu6', se = false, shortcut = false }: Point, seed = 0): Model {
  const c = Math.round(80 * Number(width))
  const row = { kernel: 3, exp: 0, act: act as Activation, outAct: 'none', stride: 1, se: false, bias: true } as const
  const rows = [
    { ...row, shortcut: false, name: 'stem', operator: 'conv', out: c, stride: 2 },
    { ...row, shortcut: false, name: 'blocks.0', operator: 'separable', out: c, stride: 2, se: Boolean(se) },
    { ...row, shortcut: true, name: 'blocks.1', operator: 'bneck', exp: 2 * c, out: c },
    { ...row, shortcut: false, name: 'pool', operator: 'pool', act: 'none', out: 0 },
    { ...row, shortcut: false, name: 'classifier', operator: 'linear', act: 'none', out: 3 },
  ] as const
  const kept = rows.filter((r) => r.name !== 'blocks.1' || shortcut)
  return build('mobilenet_v1', { rows: kept, size: side, classes: 3, dropout: 0, seed })
}

/** A context that records reports. `hear` may throw, as a study does. */
export function contextOf({
  folder,
  seed = 7,
  hear = () => {},
}: {
  folder?: string
  seed?: number
  hear?: (report: StepReport) => void
} = {}) {
  const reports: StepReport[] = []
  const context: EvaluationContext = {
    number: 0,
    seed,
    signal: new AbortController().signal,
    ...(folder !== undefined && { folder }),
    async report(report) {
      reports.push(report)
      hear(report)
    },
  }
  return { context, reports }
}
