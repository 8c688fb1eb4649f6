/** In which order a graph runs and where its values are in memory, for engines. */
export * from './memory.ts'
export * from './plan.ts'
export * from './rules.ts'
export * from './updates.ts'
