/** The model file, and the `.safetensors` format that it is written in. */

export { checksumOf, crc32, crc32InLoops } from './crc32.ts'
export { type ModelFile, type Provenance, provenanceNow, readModelFile, writeModelFile } from './model-file.ts'
export { readSafetensors, writeSafetensors } from './safetensors.ts'
