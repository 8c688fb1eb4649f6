/** Kinglet as it is built in this repository: the one place of this folder that knows where. */
export * from '../dist/core/index.js'
export { preprocessingPreset } from '../dist/data/index.js'
export * from '../dist/formats/index.js'
export * from '../dist/graph.js'
export { load } from '../dist/index.js'
export { build } from '../dist/models/index.js'
export * from '../dist/ops/index.js'
export { multiplyAddLimit, profile, wasmEngine } from '../dist/wasm/index.js'
