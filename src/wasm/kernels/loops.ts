/** Iteration spaces of elementwise kernels. Dimensions are merged if every operand's broadcasting allows it. */
import { broadcastStrides, type Shape } from '../../core/index.ts'
import { type Expr, type FunctionBuilder, i32 } from '../assembler/index.ts'

export interface Space {
  /** Merged sizes, outermost first; at least one. */
  readonly sizes: readonly number[]
  /** Whether each dimension is kept or summed over. All dimensions that were merged into one agree. */
  readonly kept: readonly boolean[]
  /** For each operand, the element stride of each merged dimension (0 if it is broadcast). */
  readonly strides: readonly (readonly number[])[]
}

/** Merges the dimensions of `shape`, for operands of the given shapes. `summed` axes merge only among themselves. */
export function mergeDimensions(shape: Shape, operands: readonly Shape[], summed: readonly number[] = []): Space {
  const all = operands.map((o) => broadcastStrides(o, shape))
  const sizes: number[] = []
  const kept: boolean[] = []
  const strides: number[][] = operands.map(() => [])
  for (const [i, d] of shape.entries()) {
    if (d === 1) continue
    const keep = !summed.includes(i)
    const last = sizes.length - 1
    const fits = last >= 0 && kept[last] === keep && all.every((s, o) => strides[o][last] === s[i] * d)
    if (fits) sizes[last] *= d
    else {
      sizes.push(d)
      kept.push(keep)
    }
    for (const [o, s] of all.entries()) strides[o][fits ? last : last + 1] = s[i]
  }
  return sizes.length ? { sizes, kept, strides } : { sizes: [1], kept: [true], strides: operands.map(() => [1]) }
}

/** Byte offset of point `index` of the dimensions `sizes`, for an operand of these strides and `bytes` per element. */
export function offsetAt(
  index: Expr<'i32'>,
  sizes: readonly number[],
  strides: readonly number[],
  bytes: number,
): Expr<'i32'> {
  let offset: Expr<'i32'> | undefined
  let below = 1
  for (let i = sizes.length - 1; i >= 0; i--) {
    const above = below * sizes[i]
    if (strides[i] !== 0) {
      const quotient = below === 1 ? index : i32.divU(index, below)
      const coordinate = i === 0 ? quotient : i32.remU(quotient, sizes[i])
      const term = i32.mul(coordinate, strides[i] * bytes)
      offset = offset ? i32.add(offset, term) : term
    }
    below = above
  }
  return offset ?? i32.const(0)
}

/** Runs `body(byteOffset, lanes)` over `count` elements of four bytes: four at a time, then one at a time. */
export function alongVector(
  f: FunctionBuilder,
  count: number,
  body: (offset: Expr<'i32'>, lanes: 4 | 1) => void,
): void {
  const whole = count - (count % 4)
  f.for(0, whole * 4, 16, (i) => body(i, 4))
  f.for(whole * 4, count * 4, 4, (i) => body(i, 1))
}
