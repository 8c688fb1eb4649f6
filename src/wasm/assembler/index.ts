/**
 * A small WebAssembly assembler. Expressions are TypeScript values, a builder adds statements and structured control,
 * and the output is a binary module. It covers what the kernels use: i32, f32, 128-bit SIMD and atomics.
 */
export type { Expr, F32, I32, Local, Operand, ValType } from './expr.ts'
export { type CallArguments, type Func, FunctionBuilder, type ParameterLocals, type ResultTypes } from './function.ts'
export { f32, f32x4, i8x16, i32, i32x4, type Lane, v128 } from './instructions.ts'
export { type MemoryImport, ModuleBuilder } from './module.ts'
