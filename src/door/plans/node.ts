export * from './index.ts'
export { type FileMachine, openSpace, prepareSearchInFiles } from './node-search.ts'
