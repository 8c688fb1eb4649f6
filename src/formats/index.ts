/** The model file, and its format `.safetensors`. */

export type { Provenance } from '../nn/index.ts'
export { checksumOf, crc32, crc32InLoops } from './crc32.ts'
export { type ModelFile, provenanceNow, readModelFile, writeModelFile } from './model-file.ts'
export { contentsOf, identityOf } from './network.ts'
export { readSafetensors, writeSafetensors } from './safetensors.ts'
