export { type WasmOptions, wasmEngine } from './engine.ts'
export { maxThreads } from './executor.ts'
