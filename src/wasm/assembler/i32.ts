/** Instructions with an i32 result, named as in the specification: `i32.divS` is `i32.div_s`. */
import { instruction } from './instructions.ts'

export { i32Const as const } from './expr.ts'

export const add = instruction(0x6a, 'i32 i32 -> i32')
export const sub = instruction(0x6b, 'i32 i32 -> i32')
export const mul = instruction(0x6c, 'i32 i32 -> i32')
export const divS = instruction(0x6d, 'i32 i32 -> i32')
export const divU = instruction(0x6e, 'i32 i32 -> i32')
export const remS = instruction(0x6f, 'i32 i32 -> i32')
export const remU = instruction(0x70, 'i32 i32 -> i32')
export const and = instruction(0x71, 'i32 i32 -> i32')
export const or = instruction(0x72, 'i32 i32 -> i32')
export const xor = instruction(0x73, 'i32 i32 -> i32')
export const shl = instruction(0x74, 'i32 i32 -> i32')
export const shrS = instruction(0x75, 'i32 i32 -> i32')
export const shrU = instruction(0x76, 'i32 i32 -> i32')
export const rotl = instruction(0x77, 'i32 i32 -> i32')
export const rotr = instruction(0x78, 'i32 i32 -> i32')
export const eqz = instruction(0x45, 'i32 -> i32')
export const eq = instruction(0x46, 'i32 i32 -> i32')
export const ne = instruction(0x47, 'i32 i32 -> i32')
export const ltS = instruction(0x48, 'i32 i32 -> i32')
export const ltU = instruction(0x49, 'i32 i32 -> i32')
export const gtS = instruction(0x4a, 'i32 i32 -> i32')
export const gtU = instruction(0x4b, 'i32 i32 -> i32')
export const leS = instruction(0x4c, 'i32 i32 -> i32')
export const leU = instruction(0x4d, 'i32 i32 -> i32')
export const geS = instruction(0x4e, 'i32 i32 -> i32')
export const geU = instruction(0x4f, 'i32 i32 -> i32')
export const truncSatF32S = instruction(0xfc00, 'f32 -> i32')
export const truncSatF32U = instruction(0xfc01, 'f32 -> i32')
export const reinterpretF32 = instruction(0xbc, 'f32 -> i32')
export const select = instruction(0x1b, 'i32 i32 i32 -> i32')
export const load = instruction(0x28, 'addr -> i32', 2)
export const load8S = instruction(0x2c, 'addr -> i32', 0)
export const load8U = instruction(0x2d, 'addr -> i32', 0)
export const atomicLoad = instruction(0xfe10, 'addr -> i32', 2)
export const atomicRmwAdd = instruction(0xfe1e, 'addr i32 -> i32', 2)
/**
 * (addr, expected, timeoutNs; -1 is forever) 0 woken, 1 value differed, 2 timed out. Keep it in a separate function: the
 * baseline compiler of V8 11.3 (Node 20) loses locals and operands that are live across it.
 */
export const atomicWait = instruction(0xfe01, 'addr i32 i64 -> i32', 2)
/** (addr, count) number of threads woken. */
export const atomicNotify = instruction(0xfe00, 'addr i32 -> i32', 2)
