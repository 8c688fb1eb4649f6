export { type Determinism, type WasmOptions, wasmEngine } from './engine.ts'
export { type MultiplyAddLimit, moveMs, multiplyAddLimit } from './limit.ts'
export { type ProfileOptions, profile, type StepProfile } from './profile.ts'
export { maxThreads } from './runtime/host.ts'
