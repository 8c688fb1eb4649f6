/** Evaluation strategies, which measure how good a point is. */
export { type FeatureOptions, type Features, featuresOf } from './features.ts'
export {
  type EpisodeOptions,
  type FewShot,
  type FewShotClassifier,
  type FewShotEvaluationOptions,
  fewShot,
  fewShotEvaluation,
} from './few-shot.ts'
export { foldsOf, type KFoldEvaluationOptions, kFoldEvaluation } from './k-fold.ts'
export type { Demand, NetworkOf } from './network.ts'
export {
  describeProxy,
  type ProxyEvaluationOptions,
  type ProxyName,
  type ProxyOptions,
  proxyEvaluation,
  proxyNames,
  proxyScores,
} from './proxies/index.ts'
export { type Slicing, subNetwork } from './slices.ts'
export { stageDepths } from './stage-depths.ts'
export { type SupernetRound, trainSupernet } from './supernet.ts'
export {
  type RecalibrateOptions,
  recalibrate,
  type SupernetEvaluationOptions,
  supernetEvaluation,
} from './supernet-evaluation.ts'
export { extremePoint, type SupernetOptions } from './supernet-options.ts'
export { type Kept, type TrainingEvaluationOptions, type TrainingSetup, trainingEvaluation } from './training.ts'
