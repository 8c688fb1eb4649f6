export type { Platform, Reader } from './platform.ts'
export { type FetchOptions, type ImageSource, kindOf, type ModelSource, type Pixels } from './sources.ts'
