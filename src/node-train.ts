/** `kinglet/train` in Node: the same names as in pages, and runs in folders. */

export { type Metrics, type OpenRunOptions, openRun, readMetrics, runFiles } from './train/node.ts'
export * from './train.ts'
