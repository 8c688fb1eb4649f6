export * from './index.ts'
export { type FileMachine, openSpace, prepareSearchInFiles } from './node-search.ts'
export { openTable } from './node-table.ts'
