export {
  type Activation,
  activate,
  activationNames,
  blockOf,
  type Operator,
  type Row,
  type RowSpec,
} from './blocks/index.ts'
export type { Definition, Family, Publication, Reported } from './family.ts'
export {
  build,
  buildFrom,
  isModel,
  type Model,
  type ModelForward,
  type ModelInfo,
  models,
  twin,
  withRows,
} from './network.ts'
export { type BuildOptions, type Options, optionNames } from './options.ts'
export { type ModelName, modelNames } from './registry.ts'
export { type Restorable, restoreNetwork, restoreWith } from './restore.ts'
export { restore } from './restore-model.ts'
export { type ParameterAxis, type RowChannels, type RowNumber, rowChannelsOf } from './row-channels.ts'
export { reductionFor } from './rows.ts'
export { makeDivisible, type WidthRule, widthRuleNames } from './width.ts'
