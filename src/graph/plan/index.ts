/** The order in which a graph runs and the places of its values in memory, for engines. */
export * from './memory.ts'
export * from './plan.ts'
export * from './rules.ts'
export * from './updates.ts'
