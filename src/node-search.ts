/** `kinglet/search` in Node: all of search, measured latency and NetAdapt, with studies in folders and databases. */
export { kendallTau, type Quartiles, spearman } from './core/index.ts'
export * from './latency/index.ts'
export * from './latency/node.ts'
export * from './prune/index.ts'
export * from './prune/node.ts'
export * from './search/node.ts'
