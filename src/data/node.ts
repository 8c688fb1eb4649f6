/** All of `data`, with what needs Node: files, decoding and worker threads. */
export * from './index.ts'
export * from './node-decode.ts'
export * from './node-open.ts'
export * from './node-pool.ts'
