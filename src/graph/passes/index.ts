/** Graph rewriting, for engines. */
export * from './deferred.ts'
export * from './fuse.ts'
export * from './fused.ts'
export * from './fused-contract.ts'
export { baseOf } from './inline.ts'
export * from './simplify.ts'
