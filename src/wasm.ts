/** `kinglet/wasm`: the WebAssembly engine. */
export {
  type Determinism,
  type MultiplyAddLimit,
  maxThreads,
  moveMs,
  multiplyAddLimit,
  type ProfileOptions,
  profile,
  type StepProfile,
  type WasmOptions,
  wasmEngine,
} from './wasm/index.ts'
