/** The graph: values and updates, autodiff, what a graph costs, and its values by the oracles. */
export * from './autodiff.ts'
export * from './evaluate.ts'
export * from './graph.ts'
export * from './init.ts'
export * from './init-later.ts'
export * from './plan/analysis.ts'
export * from './resize.ts'
