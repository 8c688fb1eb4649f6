/** Search in Node: what works everywhere, and studies in folders and databases. */
export * from './index.ts'
