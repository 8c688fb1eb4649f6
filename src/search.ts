/** `kinglet/search` in pages: search, measured latency and NetAdapt, as far as they do without Node. */
export { kendallTau, type Quartiles, spearman } from './core/index.ts'
export * from './latency/index.ts'
export * from './prune/index.ts'
export * from './search/index.ts'
