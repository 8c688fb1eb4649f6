/** `kinglet/search` in Node: the same names as in pages, and studies in folders and databases. */

export { measuredHere } from './latency/node.ts'
export { adaptFiles, type Curve, type OpenAdaptationOptions, openAdaptation, readCurve } from './prune/node.ts'
export {
  type ChildEvaluatorOptions,
  childEvaluator,
  type Damage,
  type FolderStore,
  isPostgres,
  journalName,
  keepInFolder,
  listPostgresStudies,
  type OpenPostgresOptions,
  openPostgresStudy,
  openStudy,
  studiesIn,
} from './search/node.ts'
export * from './search.ts'
