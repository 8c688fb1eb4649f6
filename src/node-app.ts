/** `kinglet/app` in Node: the same names as in pages, and what reads files of spaces, tables and images. */
export * from './app.ts'
export { type FileMachine, openSpace, openTable, prepareSearchInFiles } from './door/plans/node.ts'
export { pictureOf } from './door/reports/node.ts'
