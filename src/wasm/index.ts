export { type Determinism, type WasmOptions, wasmEngine } from './engine.ts'
export { maxThreads } from './host.ts'
export { type MultiplyAddLimit, moveMs, multiplyAddLimit } from './limit.ts'
export { type ProfileOptions, profile, type StepProfile } from './profile.ts'
