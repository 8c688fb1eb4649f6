/**
 * A small WebAssembly assembler. Expressions are TypeScript values, a builder adds statements and structured control,
 * and the output is a binary module. It covers what the kernels use: i32, f32, 128-bit SIMD and atomics.
 */
export type { Expr, F32, I32, Local, Operand, ValType } from './expr.ts'
export * as f32 from './f32.ts'
export * as f32x4 from './f32x4.ts'
export { type CallArguments, type Func, FunctionBuilder, type ParameterLocals, type ResultTypes } from './function.ts'
export * as i8x16 from './i8x16.ts'
export * as i32 from './i32.ts'
export * as i32x4 from './i32x4.ts'
export type { Lane } from './instructions.ts'
export { type MemoryImport, ModuleBuilder } from './module.ts'
export * as v128 from './v128.ts'
