/** All of `data`, with what needs Node: files, decoding and worker threads. */
export * from './index.ts'
export { decodeImage, readImage } from './node-decode.ts'
export { type OpenedData, type OpenOptions, openDataset } from './node-open.ts'
export { loaderPool } from './node-pool.ts'
