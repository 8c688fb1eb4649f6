/** Search in Node: what works everywhere, and studies in folders and databases. */
export { keepInFolder } from './evaluate/node-training.ts'
export * from './index.ts'
export { measuredHere } from './latency/node-device.ts'
export {
  adaptFiles,
  type Curve,
  type OpenAdaptationOptions,
  openAdaptation,
  readCurve,
} from './netadapt/node-folder.ts'
export { type ChildEvaluatorOptions, childEvaluator } from './study/node-child.ts'
export { type FolderStore, journalName, openStudy, studiesIn } from './study/node-folder.ts'
export type { Damage } from './study/node-folder-journal.ts'
export {
  isPostgres,
  listPostgresStudies,
  type OpenPostgresOptions,
  openPostgresStudy,
} from './study/node-postgres-open.ts'
