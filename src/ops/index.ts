export * from './define.ts'
export * from './elementwise.ts'
export * from './leaf.ts'
export * from './reduce.ts'
