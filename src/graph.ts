/** `kinglet/graph`: graphs, the networks that are made with them, and what an engine is. */
export * from './engine/index.ts'
export * from './graph/index.ts'
export * from './graph/json/index.ts'
export * from './nn/index.ts'
