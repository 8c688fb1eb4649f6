/** Dropout: masks bit-identical to the oracle's, four elements at a time, in the integer arithmetic of `core/rng.ts`. */
import { key, size } from '../../core/index.ts'
import { type FunctionBuilder, f32x4, i32, i32x4, v128 } from '../assembler/index.ts'
import { elementBytes } from './elements.ts'
import type { Family } from './kernel.ts'
import { splat, type Vector } from './lanes.ts'
import { piecesOf } from './runs.ts'
import { storeLanes } from './store-lanes.ts'

/** `mix32` of `core/rng.ts` in each lane. */
function mix32(f: FunctionBuilder, value: Vector): Vector {
  const fold = (v: Vector, shift: number) => {
    const x = f.let(v)
    return v128.xor(x, i32x4.shrU(x, shift))
  }
  const once = i32x4.mul(fold(value, 16), i32x4.splat(0x7feb352d))
  const twice = i32x4.mul(fold(once, 15), i32x4.splat(0x846ca68b))
  return fold(twice, 16)
}

export const dropout: Family = (v, target) => {
  const { rate, stream } = v.attrs as { rate: number; stream: number }
  const count = size(v.shape)
  const work = piecesOf(target, count)
  const tail = count % 4
  return {
    phases: [
      {
        key: `dropout ${count} ${rate} ${stream}`,
        pieces: work.pieces,
        emit(f, from, to, at) {
          const [x, seed] = at.inputs
          const k = f.let(mix32(f, v128.xor(v128.load32Splat(seed), i32x4.splat(key(stream)))))
          const step = (i: Parameters<typeof i32x4.splat>[0], lanes: number) => {
            const place = f.let(i32.mul(i, elementBytes(v)))
            const index = i32x4.add(i32x4.splat(i), v128.constI32(0, 1, 2, 3))
            const word = mix32(f, i32x4.add(mix32(f, v128.xor(index, k)), k))
            const dropped = i32x4.ltS(i32x4.shrU(word, 8), i32x4.splat(Math.ceil(rate * 0x1000000)))
            const scaled = f32x4.mul(v128.load(i32.add(x, place)), splat(1 / (1 - rate)))
            storeLanes(f, i32.add(at.y, place), v128.andnot(scaled, dropped), lanes)
          }
          const [first, end] = work.range(f, from, to)
          // Pieces start at multiples of four, so only the end of the tensor can be a tail.
          f.for(first, i32.and(end, -4), 4, (i) => step(i, 4))
          if (tail) f.if(i32.eq(end, count), () => step(i32.const(count - tail), tail))
        },
      },
    ],
  }
}
