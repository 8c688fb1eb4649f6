export * from './engine.ts'
export * from './graph.ts'
export * from './network.ts'
