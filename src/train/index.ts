/** Training and evaluation: what works in Node and in a page alike. */

export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.ts'
export { fit, type TrainData, type TrainStep } from './fit.ts'
export type { Selection } from './names.ts'
export { type Optimizer, type OptimizerName, optimizerNames, optimizerOf } from './optimizer.ts'
export type { RunOptions, TrainOptions } from './options.ts'
export type { Checkpoint, Progress, RunIdentity } from './runs/checkpoint.ts'
export type { RunInfo, RunStore } from './runs/store.ts'
export {
  learningRateAt,
  type RunLength,
  type Schedule,
  type ScheduleName,
  scheduleNames,
  scheduleOf,
} from './schedule.ts'
export { type Transfer, type TransferOptions, transfer } from './transfer.ts'
