/** The exports of `index.ts`, and those that need Node: runs in folders. */
export * from './index.ts'
export { type Metrics, readMetrics } from './runs/node-metrics.ts'
export { assertNoRun, type OpenRunOptions, openRun, runFiles } from './runs/node-run.ts'
