import { describe, expect, it } from 'vitest'
import { type FunctionBuilder, i32, type Local, ModuleBuilder } from '../../../src/wasm/assembler/index.ts'
import { countersBytes, sharePieces } from '../../../src/wasm/emit/share.ts'
import { control, dataStart } from '../../../src/wasm/runtime/control.ts'
import { createExecutor } from '../../../src/wasm/runtime/executor.ts'

type Around = (f: FunctionBuilder, thread: Local<'i32'>, share: () => void) => void

const counters = dataStart
const doneBy = counters + countersBytes(4)
const flag = doneBy + 64
const words = flag + 64

/** A program whose pieces count how often each ran, and on which thread. `around` wraps the sharing. */
async function counting(threads: number, pieces: number, around: Around = (_f, _thread, share) => share()) {
  const m = new ModuleBuilder({ memory: { initialPages: 1, maximumPages: 1, shared: true } })
  const run = m.func(['i32', 'i32'], [], (f, thread) => {
    const turn = f.let(i32.sub(i32.atomicLoad(0, control.go), 1))
    around(f, thread, () =>
      sharePieces(f, { threads, pieces, draws: 8, turn, thread, counters: f.let(i32.const(counters)) }, (from, to) => {
        f.for(from, to, 1, (p) => {
          f.drop(i32.atomicRmwAdd(i32.shl(p, 2), 1, words))
          f.drop(i32.atomicRmwAdd(i32.shl(thread, 2), 1, doneBy))
        })
      }),
    )
  })
  m.export('run', run)
  const executor = await createExecutor({ bytes: m.toBytes(), pages: 1, threads, place: 'here' })
  const read = async (at: number, count: number) => [
    ...new Int32Array((await executor.read(at, count * 4)).buffer as ArrayBuffer),
  ]
  return { executor, times: () => read(words, pieces + 1), shares: () => read(doneBy, threads) }
}

describe('pieces', () => {
  const cases = [2, 3].flatMap((threads) => [2, 3, 7, 16, 100].map((pieces) => ({ threads, pieces })))
  it.each(cases)('each run once per run: $pieces on $threads threads', async ({ threads, pieces }) => {
    const { executor, times, shares } = await counting(threads, pieces)
    for (let run = 1; run <= 50; run++) await executor.run()
    expect(await times()).toEqual([...new Array(pieces).fill(50), 0])
    expect((await shares()).reduce((a, b) => a + b)).toBe(50 * pieces)
    executor.dispose()
  })

  it('of a delayed thread run on the others', async () => {
    const done = () => i32.atomicLoad(0, flag)
    const { executor, shares } = await counting(2, 16, (f, thread, share) => {
      f.if(i32.eqz(thread), () =>
        f.while(
          () => i32.eqz(done()),
          () => {},
        ),
      )
      share()
      f.atomicStore(0, 1, flag)
    })
    await executor.run()
    expect(await shares()).toEqual([0, 16])
    executor.dispose()
  })
})
