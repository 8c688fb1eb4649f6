/** Training and evaluation for Node and pages. */

export { assertSuits, type EvaluateOptions, type Evaluation, evaluate, highest } from './evaluate.ts'
export { fit, type TrainData } from './fit.ts'
export type { Selection } from './names.ts'
export { type Optimizer, type OptimizerName, optimizerNames, optimizerOf, ruleOf } from './optimizer.ts'
export type { TrainOptions } from './options.ts'
export { resolveTrainOptions } from './options.ts'
export type { RunOptions } from './run-options.ts'
export type { Checkpoint, Progress, RunIdentity } from './runs/checkpoint.ts'
export { assertSameRun, readCheckpoint, writeCheckpoint } from './runs/checkpoint.ts'
export type { RunInfo, RunStore } from './runs/store.ts'
export {
  learningRateAt,
  type RunLength,
  type Schedule,
  type ScheduleName,
  scheduleNames,
  scheduleOf,
} from './schedule.ts'
export { type Step, trainingStep } from './step.ts'
export type { TrainStep } from './train-step.ts'
export { type Transfer, type TransferOptions, transfer } from './transfer.ts'
