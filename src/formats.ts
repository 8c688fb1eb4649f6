/** `kinglet/formats`: the model file, and its format `.safetensors`. */
export {
  contentsOf,
  type ModelFile,
  type Provenance,
  provenanceNow,
  readModelFile,
  readSafetensors,
  writeModelFile,
  writeSafetensors,
} from './formats/index.ts'
