/** What an engine is to its callers, what all engines check alike, and the engine of the oracles. */
export * from './engine.ts'
export * from './program.ts'
export * from './reference.ts'
