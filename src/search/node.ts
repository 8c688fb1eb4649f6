/** Search in Node: what works everywhere, and studies in folders and databases. */

export { keepInFolder } from './evaluate/node-training.ts'
export * from './index.ts'
export { type ChildEvaluatorOptions, childEvaluator } from './study/child/node-evaluator.ts'
export type { Damage } from './study/folder/node-journal.ts'
export { type FolderStore, journalName, openStudy, studiesIn } from './study/folder/node-store.ts'
export {
  isPostgres,
  listPostgresStudies,
  type OpenPostgresOptions,
  openPostgresStudy,
} from './study/postgres/node-open.ts'
