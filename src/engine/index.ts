/** What an engine is to its callers, what all engines check and prepare alike, and the engine of the oracles. */
export * from './engine.ts'
export * from './pick.ts'
export * from './prepare.ts'
export * from './program.ts'
export * from './reference.ts'
