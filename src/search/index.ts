/** Search: spaces, algorithms, evaluation strategies and studies, each exchangeable; latency tables; NetAdapt. */
export type { Algorithm } from './algorithm.ts'
export { type AlgorithmOptions, algorithmNames, algorithmOf, assertTrials } from './algorithms/index.ts'
export * from './evaluate/index.ts'
export { type EvaluationContext, type Evaluator, type Outcome, Paused, Pruned } from './evaluator.ts'
export { type Importance, importanceOf } from './importance.ts'
export * from './latency/index.ts'
export * from './netadapt/index.ts'
export { frontOf, hypervolume, isFeasible } from './pareto.ts'
export {
  allPoints,
  countPoints,
  crossPoints,
  describeSpace,
  encodePoint,
  mutatePoint,
  samplePoint,
} from './points.ts'
export type { Decision, Pruner } from './pruner.ts'
export * from './pruners/index.ts'
export { compareProxies, kendallTau, type ProxyComparison, spearman } from './ranks.ts'
export * from './resources.ts'
export { type MnasReward, type Reward, rewardOf, type WeightedReward } from './rewards.ts'
export {
  assertPoint,
  type Categorical,
  type Choice,
  type Condition,
  type Constraint,
  defineSpace,
  type Integer,
  type Point,
  type Real,
  type Scalar,
  type Space,
} from './space.ts'
export * from './spaces/index.ts'
export { studyCsv } from './study/export.ts'
export { memoryStore } from './study/memory.ts'
export {
  assertSameStudy,
  type Choose,
  type Lease,
  type Named,
  type Result,
  type Store,
  type StoredTrial,
  type Study,
  type Work,
} from './study/store.ts'
export {
  type RunStudyOptions,
  runStudy,
  type StudyOptions,
  type StudyParts,
  type StudyProgress,
  studyOf,
} from './study/study.ts'
export { type StudySummary, summarise } from './study/summary.ts'
export { nextWork, type WorkRules } from './study/work.ts'
export type { Objective, Problem, StepReport, Trial, TrialState } from './trial.ts'
