export {
  assertNetworks,
  heldOut,
  judgingOf,
  planned,
  plannedBy,
  prepareSearch,
  showObjective,
  showReward,
  spaceNamed,
} from './plans/node-search.ts'
export { type BeginOptions, batchOf, begin, defaultModel } from './plans/node-training.ts'
export { type Adapted, adaptationPage } from './reports/node-adaptation.ts'
export { chosen, lookAt, type Sample } from './reports/node-samples.ts'
export { searchPage } from './reports/node-search.ts'
export { type EpochRecord, trainingReport } from './reports/node-training.ts'
