export { Classifier, type ClassifyOptions, type Prediction } from './classifier.ts'
export { type Costs, costsOf, type Pair, pairsOf, type RowCost, showShape } from './costs.ts'
export { type EngineName, type EngineOptions, engineNames, engineOf, engineOfRun } from './engine.ts'
export { type LoadOptions, loadOn, type OpenedModel, openModel, openNetwork } from './load.ts'
export type { PageAnswer, PagePlan } from './measure-page.ts'
export {
  type ArgumentName,
  argumentNames,
  argumentReaders,
  assertNoArguments,
  labelOf,
  modelOf,
  networkArguments,
  parseNetwork,
} from './networks.ts'
export { memberName, type OptionName } from './option-name.ts'
export { toPage } from './page-network.ts'
export { smallImage } from './preprocessing.ts'
export { type SaveOptions, saveOn, toBytes } from './save.ts'
export { type RoundOptions, timeRounds } from './timing.ts'
export { type EvaluateOptions, evaluateOn, type TrainingData, type TrainOptions, trainOn } from './training.ts'
