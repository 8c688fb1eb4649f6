/** `kinglet/data` in Node: the same names as in pages, and what needs files, decoding and worker threads. */

export { decodeImage, loaderPool, type OpenedData, type OpenOptions, openDataset, readImage } from './data/node.ts'
export * from './data.ts'
