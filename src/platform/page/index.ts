export { pagePlatform } from './platform.ts'
export { pageReader } from './reader.ts'
