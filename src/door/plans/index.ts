/**
 * Plans of the commands, for any application: they turn options into networks, studies and units. None of it needs
 * Node.
 */
export { assertTableOfBudget, resourceOfBudget } from './adaptation.ts'
export { drawNetworks, planOfSpace } from './measurement.ts'
export {
  heldOut,
  type Judging,
  judgingOf,
  planOfStudy,
  planSearch,
  type SearchPlan,
  type SearchPlanOptions,
} from './search.ts'
export { type PreparedSearch, prepareSearch, type SearchMachine } from './search-parts.ts'
export { assertNetworks, type SpaceNamedOptions, spaceNamed } from './space.ts'
export {
  batchOf,
  defaultModel,
  inputSizeFor,
  type PlannedData,
  planTraining,
  type TrainingPlan,
  type TrainingPlanOptions,
} from './training.ts'
