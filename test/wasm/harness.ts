/**
 * Runs a single kernel as threads would: its pieces in different splits and orders. Every buffer has guard words around
 * it, memory ends where kernels may no longer read, and memory that is not written yet is NaN.
 */
import { expect } from 'vitest'
import { bytesOf, dtypes, size, type Tensor } from '../../src/core/index.ts'
import type { Value } from '../../src/ops/index.ts'
import { ModuleBuilder } from '../../src/wasm/assembler/index.ts'
import { type Family, readSlack } from '../../src/wasm/kernels/kernel.ts'
import { targetFor } from '../../src/wasm/target.ts'

/** How the pieces of a phase are handed out: ranges [from, to), in the order in which they run. */
export type Split = (pieces: number) => readonly (readonly [from: number, to: number])[]

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

export const splits: Readonly<Record<string, Split>> = {
  whole: (n) => [[0, n]],
  reversed: (n) =>
    range(n)
      .reverse()
      .map((i) => [i, i + 1]),
  thirds: (n) => range(3).map((t) => [Math.floor((t * n) / 3), Math.floor(((t + 1) * n) / 3)]),
}

/** Without relaxed SIMD, so that every host can run it. */
export const target = targetFor({ relaxed: false })

const guardBytes = 64
const pageBytes = 65536
const align = 16

/** The word that memory holds at first: a NaN that encodes its address, so that even a copy of guard words is detected. */
const untouched = (word: number): number => 0x7fc00000 | (word & 0x3fffff)

type PhaseFunction = (from: number, to: number, y: number, scratch: number, ...inputs: number[]) => void

/**
 * y of the node `v` computed by `family`'s kernel. Asserts that the bits are the same for every split, that no two
 * pieces of a phase write the same byte, and that nothing but y and the working memory is written.
 */
export function runKernel(v: Value, inputs: readonly Tensor[], family: Family, handOut = splits): Tensor {
  const { phases, scratchBytes = 0 } = family(v, target)
  // The first input is last in memory: reading too far past it traps.
  let end = guardBytes
  const place = (bytes: number) => {
    const at = Math.ceil(end / align) * align
    end = at + bytes + guardBytes
    return { at, bytes }
  }
  const scratch = place(scratchBytes)
  const y = place(size(v.shape) * bytesOf(v.dtype))
  const reversed = [...inputs].reverse().map((x) => place(size(x.shape) * bytesOf(x.dtype)))
  const last = reversed[reversed.length - 1]
  const pages = Math.ceil((last.at + last.bytes + readSlack) / pageBytes)
  const shift = Math.floor((pages * pageBytes - (last.at + last.bytes + readSlack)) / 4) * 4
  const placed = [scratch, y, ...reversed].map(({ at, bytes }) => ({ at: at + shift, bytes }))
  const [scratchAt, yAt, ...inputsAt] = placed.map((p) => p.at)
  inputsAt.reverse()

  const m = new ModuleBuilder({ memory: { initialPages: pages, maximumPages: pages, shared: false } })
  for (const [i, phase] of phases.entries()) {
    const params = ['i32', 'i32', 'i32', 'i32', ...inputs.map(() => 'i32' as const)] as const
    const func = m.func(params, [], (f, from, to, yLocal, scratchLocal, ...addresses) =>
      phase.emit(f, from, to, { inputs: addresses, y: yLocal, scratch: scratchLocal }),
    )
    m.export(`phase${i}`, func)
  }
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.toBytes()), { env: { memory } })
  const words = new Uint32Array(memory.buffer)
  const bytes = new Uint8Array(memory.buffer)

  const start = words.map((_, i) => untouched(i))
  for (const [i, x] of inputs.entries()) {
    const values = dtypes[x.dtype].array.from(x.data)
    new Uint8Array(start.buffer).set(new Uint8Array(values.buffer), inputsAt[i])
  }
  const isWritable = (at: number) => placed.slice(0, 2).some((p) => at >= p.at && at < p.at + p.bytes)
  const run = (phase: number, [from, to]: readonly [number, number]) => {
    const func = instance.exports[`phase${phase}`] as PhaseFunction
    if (from < to) func(from, to, yAt, scratchAt, ...inputsAt)
  }
  const what = `${v.op.name} ${JSON.stringify(v.attrs)} of ${inputs.map((x) => `[${x.shape}]`)}`

  const results = Object.entries(handOut).map(([name, split]) => {
    words.set(start)
    for (const [i, phase] of phases.entries()) for (const piece of split(phase.pieces)) run(i, piece)
    const now = bytes.slice()
    const was = new Uint8Array(start.buffer)
    const spoiled = now.reduce((n, b, at) => n + (b !== was[at] && !isWritable(at) ? 1 : 0), 0)
    expect(spoiled, `${what}, ${name}: bytes written outside of y`).toBe(0)
    return { name, data: now.slice(yAt, yAt + y.bytes) }
  })
  const [first] = results
  for (const { name, data } of results)
    expect(
      data.findIndex((b, i) => b !== first.data[i]),
      `${what}: ${name} differs from ${first.name} at byte`,
    ).toBe(-1)

  assertOwnParts()
  return { shape: v.shape, dtype: v.dtype, data: new dtypes[v.dtype].array(first.data.buffer) }

  /** Runs each piece on the same memory and finds the bytes that it changed. */
  function assertOwnParts(): void {
    words.set(start)
    for (const [i, phase] of phases.entries()) {
      // Many pieces of large tensors take long, and show no more than those of small tensors.
      if (phase.pieces * words.length > 5e6) return
      const before = words.slice()
      const after = words.slice()
      const [beforeBytes, afterBytes] = [before, after].map(({ buffer }) => new Uint8Array(buffer))
      const owner = new Int32Array(bytes.length).fill(-1)
      for (let piece = 0; piece < phase.pieces; piece++) {
        words.set(before)
        run(i, [piece, piece + 1])
        for (let w = 0; w < words.length; w++) {
          if (words[w] === before[w]) continue
          for (let b = 4 * w; b < 4 * w + 4; b++) {
            if (bytes[b] === beforeBytes[b]) continue
            if (owner[b] >= 0) expect.fail(`${what}, phase ${i}: pieces ${owner[b]} and ${piece} write the same byte`)
            owner[b] = piece
            afterBytes[b] = bytes[b]
          }
        }
      }
      words.set(after)
    }
  }
}
