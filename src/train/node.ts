/** All of `train`, with what needs Node: runs that are kept in folders. */
export * from './index.ts'
export { type Metrics, readMetrics } from './runs/node-metrics.ts'
export { assertNoRun, type OpenRunOptions, openRun, runFiles } from './runs/node-run.ts'
