/**
 * Upper bounds of this machine on one thread: multiply-adds in 128-bit vectors without memory access, and memory traffic
 * of 128-bit loads and stores. Per-layer figures are reported beside these, which the same process measures at the same
 * time.
 */

import { type FunctionBuilder, i32, type Local, ModuleBuilder, v128 } from './assembler/index.ts'
import { hasRelaxedSimd } from './relaxed.ts'

/**
 * Numbers of independent sums to try; the fastest gives the limit. A multiply and an add take six to eight cycles, and one
 * or two of each start per cycle. Too few chains leave units idle; too many do not fit the registers.
 */
const chainCounts = [8, 10, 12]
const lanes = 4
/** Steps of each chain per loop iteration, enough to make the loop's own cost small. */
const unrolled = 4

/** `run(n)`: n iterations, each with several multiply-adds per chain. */
function chainsModule(relaxed: boolean, chains: number): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder({ memory: { initialPages: 1, maximumPages: 1, shared: false }, relaxed })
  const run = m.func(['i32'], [], (f, turns) => {
    const factor = f.let(v128.load(0))
    // Loaded from memory, so that no compiler knows the values.
    const sums = Array.from({ length: chains }, (_, i) => f.let(v128.load(0, 16 * i)))
    f.for(0, turns, 1, () => {
      for (let i = 0; i < unrolled; i++) for (const sum of sums) f.madd(sum, sum, factor)
    })
    for (const [i, sum] of sums.entries()) f.store(0, sum, 16 * i)
  })
  m.export('run', run)
  return m.toBytes() as Uint8Array<ArrayBuffer>
}

/** `move(read, write)` reads `read` bytes and writes `write` bytes, once each, in one pass up to the shorter length. */
function moveModule(pages: number, writeAt: number): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder({ memory: { initialPages: pages, maximumPages: pages, shared: false } })
  const vectors = 8
  const move = m.func(['i32', 'i32'], [], (f, read, write) => {
    const sum = f.let(v128.constF32(0, 0, 0, 0))
    const both = f.let(i32.const(0))
    f.while(
      () => i32.and(i32.ltU(both, read), i32.ltU(both, write)),
      () => {
        for (let i = 0; i < vectors; i++) f.store(both, v128.load(both, 16 * i), writeAt + 16 * i)
        f.set(both, i32.add(both, 16 * vectors))
      },
    )
    rest(f, both, read, (at) => {
      for (let i = 0; i < vectors; i++) f.set(sum, v128.or(sum, v128.load(at, 16 * i)))
    })
    rest(f, both, write, (at) => {
      for (let i = 0; i < vectors; i++) f.store(at, sum, writeAt + 16 * i)
    })
    f.store(0, sum)
  })
  m.export('move', move)
  return m.toBytes() as Uint8Array<ArrayBuffer>

  function rest(f: FunctionBuilder, from: Local<'i32'>, to: Local<'i32'>, body: (at: Local<'i32'>) => void): void {
    const at = f.let(from)
    f.while(
      () => i32.ltU(at, to),
      () => {
        body(at)
        f.set(at, i32.add(at, 16 * vectors))
      },
    )
  }
}

const best = (times: number, ms: () => number): number => Math.min(...Array.from({ length: times }, ms))

function milliseconds(body: () => void): number {
  const began = performance.now()
  body()
  return performance.now() - began
}

async function gmacs(relaxed: boolean, turns: number): Promise<number> {
  let most = 0
  for (const chains of chainCounts) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
    const { instance } = await WebAssembly.instantiate(chainsModule(relaxed, chains), { env: { memory } })
    const run = instance.exports.run as (turns: number) => void
    // The baseline compiler's code runs first; the optimising compiler replaces it meanwhile.
    for (let i = 0; i < 20; i++) run(turns / 20)
    const ms = best(8, () => milliseconds(() => run(turns)))
    most = Math.max(most, (turns * unrolled * chains * lanes) / ms / 1e6)
  }
  return most
}

/** Multiply-adds per second of one thread, in billions; `relaxed` if this engine has fused ones. */
export interface MultiplyAddLimit {
  readonly gmacs: number
  readonly relaxedGmacs?: number
}

/**
 * Measures how fast one thread multiplies and adds in 128-bit vectors. Returns the best of a few runs of some
 * milliseconds, so that other load on the machine affects it little. `turns` is the length of a run.
 *
 * @example
 * ```ts
 * import { multiplyAddLimit } from 'kinglet/wasm'
 *
 * const { gmacs } = await multiplyAddLimit()
 * gmacs > 0.1 // => true
 * ```
 */
export async function multiplyAddLimit(turns = 200_000): Promise<MultiplyAddLimit> {
  const plain = await gmacs(false, turns)
  return hasRelaxedSimd() ? { gmacs: plain, relaxedGmacs: await gmacs(true, turns) } : { gmacs: plain }
}

/**
 * The least time, in milliseconds, in which one thread reads `readBytes` and writes `writeBytes` once: the cost of a layer
 * that computes nothing. Sizes are rounded up to 128 bytes.
 *
 * @example
 * ```ts
 * import { moveMs } from 'kinglet/wasm'
 *
 * const ms = await moveMs(1_000_000, 500_000)
 * ms > 0 // => true
 * ```
 */
export async function moveMs(readBytes: number, writeBytes: number): Promise<number> {
  const writeAt = Math.ceil((readBytes + 256) / 64) * 64
  const pages = Math.ceil((writeAt + writeBytes + 256) / 65536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { instance } = await WebAssembly.instantiate(moveModule(pages, writeAt), { env: { memory } })
  const move = instance.exports.move as (read: number, write: number) => void
  const repeats = Math.max(1, Math.ceil(1e6 / (readBytes + writeBytes)))
  const repeated = () => {
    for (let i = 0; i < repeats; i++) move(readBytes, writeBytes)
  }
  for (let i = 0; i < 10; i++) repeated()
  return best(10, () => milliseconds(repeated)) / repeats
}
