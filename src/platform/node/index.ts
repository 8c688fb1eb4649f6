export { makeFolder, writeError, writeFileAtomic, writing } from './files.ts'
export { nodePlatform } from './platform.ts'
