/** The graph: values, updates, autodiff, cost analysis, and evaluation by the oracles. */
export * from './autodiff.ts'
export * from './evaluate.ts'
export * from './gates.ts'
export * from './graph.ts'
export * from './init.ts'
export * from './init-later.ts'
export * from './plan/analysis.ts'
export * from './resize.ts'
