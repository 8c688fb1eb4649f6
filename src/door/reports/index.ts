/** Reports of the commands, for any application. None of it needs Node. */
export { type AdaptationReport, type Adapted, adaptationPage, shrunkText } from './adaptation.ts'
export { columnOf, formulaNotes, timeNetworks } from './comparison.ts'
export { type LayerOptions, type LayerTime, type LayerTimes, timeLayers } from './layer-times.ts'
export { answerSamples, type Sample, type SampleOptions, selectSamples } from './samples.ts'
export { type SearchReport, searchPage } from './search.ts'
export { showObjective, showReward } from './search-values.ts'
export { type EpochRecord, type TrainingReport, trainingReport } from './training.ts'
