/**
 * `kinglet/app` in pages: what an application needs to train, search and adapt networks as the command line does, and to
 * report on it. Plans take plain options; they neither read files nor print.
 */
export {
  type ArgumentName,
  argumentNames,
  type Costs,
  costsOf,
  labelOf,
  memberName,
  networkArguments,
  type OpenedModel,
  type OptionName,
  openModel,
  openNetwork,
  type Pair,
  pairsOf,
  parseNetwork,
  type RoundOptions,
  type RowCost,
  timeRounds,
} from './door/index.ts'
export * from './door/plans/index.ts'
export * from './door/reports/index.ts'
export * from './report/index.ts'
