/** Search in Node: what works everywhere, and studies in folders and databases. */
export * from './index.ts'
export { measuredHere } from './latency/node-device.ts'
