/** All of `data`, including what needs Node: files, decoding and worker threads. */

export { decodeImage, loadSharp, readBytes, readImage } from './images/node-decode.ts'
export * from './index.ts'
export { loaderPool } from './loader/node-pool.ts'
export { type OpenedData, type OpenOptions, openDataset } from './sets/node-open.ts'
