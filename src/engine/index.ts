/** The interface of engines, the checks and passes that all engines share, and the reference engine. */
export * from './engine.ts'
export * from './pick.ts'
export * from './prepare.ts'
export * from './program.ts'
export * from './reference.ts'
