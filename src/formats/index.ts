/** The model file, and the `.safetensors` format that it is written in. */
export { type ModelFile, type Provenance, provenanceNow, readModelFile, writeModelFile } from './model-file.ts'
export { readSafetensors, writeSafetensors } from './safetensors.ts'
