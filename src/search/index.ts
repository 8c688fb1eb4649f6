/** Search: spaces, algorithms, evaluation strategies and studies, each exchangeable. */

export type { Algorithm } from './algorithms/algorithm.ts'
export { type AlgorithmOptions, algorithmNames, algorithmOf, assertTrials } from './algorithms/index.ts'
export { type EvaluationContext, type Evaluator, type Outcome, Paused, Pruned } from './evaluate/evaluator.ts'
export * from './evaluate/index.ts'
export { type Importance, importanceOf } from './importance.ts'
export { frontOf, hypervolume, isFeasible } from './pareto.ts'
export { compareProxies, type ProxyComparison } from './proxy-comparison.ts'
export * from './pruners/index.ts'
export type { Decision, Pruner } from './pruners/pruner.ts'
export { assertReachable, smallestIn } from './reachable.ts'
export { type MnasReward, type Reward, rewardOf, type WeightedReward } from './rewards.ts'
export * from './space/index.ts'
export {
  allPoints,
  countPoints,
  crossPoints,
  describeSpace,
  encodePoint,
  listed,
  mutatePoint,
  samplePoint,
} from './space/points.ts'
export {
  assertPoint,
  brokenBy,
  type Categorical,
  type Choice,
  type Condition,
  type Constraint,
  defineSpace,
  type Integer,
  makePoint,
  type Point,
  type Real,
  type Scalar,
  type Space,
} from './space/space.ts'
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
