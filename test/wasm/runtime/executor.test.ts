/** Threads: equal results for any number of threads, many runs, traps, disposal, and workers that fail to start or to end. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { KingletError } from '../../../src/core/index.ts'
import { type FunctionBuilder, i32, type Local, ModuleBuilder } from '../../../src/wasm/assembler/index.ts'
import { emitBarrier } from '../../../src/wasm/emit/barrier.ts'
import { dataStart } from '../../../src/wasm/runtime/control.ts'
import {
  allocateAhead,
  createExecutor,
  dismiss,
  type Executor,
  maxThreads,
  recruit,
} from '../../../src/wasm/runtime/executor.ts'
import { sharedFor } from '../../../src/wasm/runtime/host.ts'
import { testAll } from '../../support/all.ts'

const workerThreads = process.getBuiltinModule('node:worker_threads')
const { Worker } = workerThreads
const workers: InstanceType<typeof Worker>[] = []
class CountedWorker extends Worker {
  constructor(...options: ConstructorParameters<typeof Worker>) {
    super(...options)
    workers.push(this)
  }
}
beforeAll(() => {
  workerThreads.Worker = CountedWorker
})
afterAll(() => {
  workerThreads.Worker = Worker
})
/** The live workers: Node sets the id of an ended worker to -1. */
const liveWorkers = () => workers.filter((w) => w.threadId !== -1).length

type Place = 'here' | 'worker'
type Body = (f: FunctionBuilder, thread: Local<'i32'>, threads: Local<'i32'>, barrier: () => void) => void

/** A program whose `run` is `body`. */
function program(threads: number, body: Body, shared = sharedFor(threads)): Uint8Array {
  const m = new ModuleBuilder({ memory: { initialPages: 1, maximumPages: 1, shared } })
  const barrier = emitBarrier(m)
  m.export(
    'run',
    m.func(['i32', 'i32'], [], (f, thread, all) => body(f, thread, all, () => f.call(barrier, all))),
  )
  return m.toBytes()
}

async function start(threads: number, place: Place, body: Body): Promise<Executor> {
  const executor = await createExecutor({ bytes: program(threads, body), pages: 1, threads, place })
  onTestFinished(() => executor.dispose())
  return executor
}

const wordsAt = async (executor: Executor, offset: number, count: number): Promise<number[]> => [
  ...new Int32Array((await executor.read(offset, count * 4)).buffer),
]

/** `f`'s result or error, whether `f` is synchronous or asynchronous. */
const eventually = async <T>(f: () => T): Promise<Awaited<T>> => await f()

const length = 1000
const steps = 100
const [a, b] = [dataStart, dataStart + length * 4]

/** y[i] = 3 x[i] + x[i + 17], then x and y change places: each step reads what other threads wrote in the one before. */
const stencil: Body = (f, thread, threads, barrier) => {
  const edge = (n: Local<'i32'> | ReturnType<typeof i32.add>) => f.let(i32.divU(i32.mul(n, length), threads))
  const [from, to] = [edge(thread), edge(i32.add(thread, 1))]
  const [x, y] = [f.let(i32.const(a)), f.let(i32.const(b))]
  f.for(0, steps, 1, (step) => {
    f.for(from, to, 1, (i) => {
      const at = (base: Local<'i32'>, k: ReturnType<typeof i32.add>) => i32.add(base, i32.shl(k, 2))
      const other = i32.remU(i32.add(i, 17), length)
      f.store(at(y, i), i32.add(i32.add(i32.mul(i32.load(at(x, i)), 3), i32.load(at(x, other))), step))
    })
    const swap = f.let(x)
    f.set(x, y)
    f.set(y, swap)
    barrier()
  })
}

function stencilInJavaScript(start: Int32Array, runs: number): number[] {
  let x = start.slice()
  for (let step = 0; step < steps * runs; step++) {
    x = x.map((v, i) => Math.imul(v, 3) + x[(i + 17) % length] + (step % steps))
  }
  return [...x]
}

const combinations = [1, 2, 3].flatMap((threads) => (['here', 'worker'] as const).map((place) => ({ threads, place })))

describe('runs', () => {
  test.each(combinations)('steps with barriers: $threads threads, $place', async ({ threads, place }) => {
    const executor = await start(threads, place, stencil)
    expect(executor.threads).toBe(threads)
    const data = Int32Array.from({ length }, (_, i) => Math.imul(i + 1, 2654435761))
    await executor.write(a, data)
    for (const runs of [1, 2, 3]) {
      await executor.run()
      expect(await wordsAt(executor, a, length)).toEqual(stencilInJavaScript(data, runs))
    }
  })

  test.each(combinations)('2000 runs back to back: $threads threads, $place', async ({ threads, place }) => {
    const executor = await start(threads, place, (f, thread, all, barrier) => {
      // Every thread adds 1 to its own word; behind the barrier its right neighbour's word is added to its sum.
      const own = f.let(i32.add(dataStart, i32.shl(thread, 2)))
      f.store(own, i32.add(i32.load(own), 1))
      barrier()
      const next = i32.add(dataStart, i32.shl(i32.remU(i32.add(thread, 1), all), 2))
      f.store(own, i32.add(i32.load(own, 64), i32.load(next)), 64)
    })
    for (let run = 0; run < 2000; run++) await executor.run()
    expect(await wordsAt(executor, dataStart, threads)).toEqual(new Array(threads).fill(2000))
    expect(await wordsAt(executor, dataStart + 64, threads)).toEqual(new Array(threads).fill((2000 * 2001) / 2))
  })

  test.each(combinations)('one run at a time: $threads threads, $place', async ({ threads, place }) => {
    const executor = await start(threads, place, () => {})
    const first = executor.run()
    if (place === 'worker') {
      await expect(executor.run()).rejects.toThrow('run: a run is in flight: wait for it first')
      await expect(eventually(() => executor.read(dataStart, 4))).rejects.toThrow(
        'read: a run is in flight: wait for it first',
      )
    }
    await first
    await executor.run()
  })

  test.each(combinations)(
    'bytes outside of the data are refused: $threads threads, $place',
    async ({ threads, place }) => {
      const executor = await start(threads, place, () => {})
      await executor.write(dataStart + 1, Uint8Array.of(1, 2, 3).subarray(1))
      await executor.write(65532, Float32Array.of(0.5))
      expect([...(await executor.read(dataStart, 4))]).toEqual([0, 2, 3, 0])
      expect(new Float32Array((await executor.read(65532, 4)).buffer)[0]).toBe(0.5)
      await expect(eventually(() => executor.write(60, Uint8Array.of(1)))).rejects.toThrow(
        "write: 1 bytes at 60 are outside the program's data, 64 to 65536",
      )
      await expect(eventually(() => executor.read(65533, 4))).rejects.toThrow(
        "read: 4 bytes at 65533 are outside the program's data, 64 to 65536",
      )
    },
  )
})

/** Thread `victim` (a word of memory) traps in step 3 of 5, in the last step when `late`. */
const trapping: Body = (f, thread, _threads, barrier) => {
  f.for(0, 5, 1, (step) => {
    f.if(i32.eq(step, i32.load(dataStart, 4)), () => f.if(i32.eq(thread, i32.load(dataStart)), () => f.unreachable()))
    f.if(i32.ltU(step, 4), barrier)
  })
}

describe('traps', () => {
  const cases = combinations.flatMap((c) => Array.from({ length: c.threads }, (_, victim) => ({ ...c, victim })))
  test.each(cases)('thread $victim of $threads, $place', async ({ threads, place, victim }) => {
    for (const step of [2, 4]) {
      const executor = await start(threads, place, trapping)
      await executor.write(dataStart, Int32Array.of(-1, -1))
      await executor.run()
      await executor.write(dataStart, Int32Array.of(victim, step))
      await expect(executor.run()).rejects.toThrow(`thread ${victim} of ${threads} failed: unreachable`)
      const broken = `the program failed in an earlier run (thread ${victim} of ${threads} failed: unreachable): compile the graph again`
      await expect(executor.run()).rejects.toThrow(`run: ${broken}`)
      await expect(eventually(() => executor.read(dataStart, 4))).rejects.toThrow(`read: ${broken}`)
      executor.dispose()
    }
  })

  test.each(combinations)('all threads at once: $threads threads, $place', async ({ threads, place }) => {
    const executor = await start(threads, place, (f) => f.drop(i32.load(1 << 20)))
    await expect(executor.run()).rejects.toThrow(/^thread \d of \d failed: memory access out of bounds$/)
  })
})

/** Workers end a moment after `dispose`: waits until `count` are left. */
async function workersBecome(count: number): Promise<void> {
  await expect.poll(liveWorkers, { timeout: 20_000, interval: 50 }).toBe(count)
}

describe('dispose', () => {
  test.each(combinations)('idle, and again: $threads threads, $place', async ({ threads, place }) => {
    await workersBecome(0)
    const executor = await start(threads, place, () => {})
    expect(liveWorkers()).toBe(place === 'here' ? threads - 1 : threads)
    await executor.run()
    executor.dispose()
    executor.dispose()
    await expect(executor.run()).rejects.toThrow('run: the program was disposed of')
    await expect(eventually(() => executor.write(dataStart, new Uint8Array(1)))).rejects.toThrow(
      'write: the program was disposed of',
    )
    await workersBecome(0)
  })

  test.each([2, 3])('in a barrier that is never passed: %i threads, worker', async (threads) => {
    const executor = await start(threads, 'worker', (f, thread, _, barrier) => f.if(thread, barrier))
    const run = executor.run()
    // Long enough for the threads to be in the barrier, awake or asleep.
    for (const pause of [0, 30]) await new Promise((resolve) => setTimeout(resolve, pause))
    executor.dispose()
    await expect(run).rejects.toThrow('the program was disposed of')
    await workersBecome(0)
  })

  test.each([1, 2])('in a loop that never ends: %i threads, worker', async (threads) => {
    const executor = await start(threads, 'worker', (f) =>
      f.while(
        () => 1,
        () => {},
      ),
    )
    const run = executor.run()
    executor.dispose()
    await expect(run).rejects.toThrow('the program was disposed of')
    await workersBecome(0)
  })

  const executors = testAll ? 200 : 60
  test(`${executors} executors leave no worker behind`, async () => {
    for (let i = 0; i < executors; i++) {
      const { threads, place } = combinations[i % combinations.length]
      const executor = await createExecutor({ bytes: program(threads, stencil), pages: 1, threads, place })
      if (i % 3 === 0) await executor.run()
      executor.dispose()
    }
    await workersBecome(0)
  })
})

describe('start', () => {
  const bytes = program(2, () => {})

  test('refused options', async () => {
    const make = (threads: number, pages = 1) => createExecutor({ bytes, pages, threads, place: 'here' })
    await expect(make(0)).rejects.toThrow('threads is 0: it must be a positive integer')
    await expect(make(1.5)).rejects.toThrow('threads is 1.5: it must be a positive integer')
    await expect(make(2, 70_000)).rejects.toThrow(
      'the program needs 4375 MiB of memory, which cannot be allocated: use a smaller batch or image',
    )
    await expect(make(2, 70_000)).rejects.toThrow(KingletError)
  })

  test('bytes that are not a program', async () => {
    const garbage = Uint8Array.of(1, 2, 3, 4)
    await expect(createExecutor({ bytes: garbage, pages: 1, threads: 1, place: 'here' })).rejects.toThrow(
      WebAssembly.CompileError,
    )
  })

  test.each(['here', 'worker'] as const)('a program that does not fit its memory: %s', async (place) => {
    const start = createExecutor({ bytes: program(2, () => {}, false), pages: 1, threads: 2, place })
    await expect(start).rejects.toThrow(/memory/)
    if (place === 'worker') await expect(start).rejects.toThrow("the program's threads could not be started: ")
    const lone = createExecutor({ bytes, pages: 1, threads: 1, place })
    await expect(lone).rejects.toThrow(/memory/)
    if (place === 'worker') await expect(lone).rejects.toThrow("the program's worker could not be started: ")
    await workersBecome(0)
  })

  test.each(combinations)('workers started ahead do the work: $threads threads, $place', async (team) => {
    await workersBecome(0)
    const recruits = recruit(team)
    const wanted = team.place === 'here' ? team.threads - 1 : team.threads
    expect(recruits).toHaveLength(wanted)
    const sum: Body = (f, thread, _, barrier) => {
      barrier()
      f.if(i32.eqz(thread), () => f.store(dataStart, i32.add(i32.load(dataStart), 1)))
    }
    const executor = await createExecutor({
      bytes: program(team.threads, sum),
      pages: 1,
      ...team,
      recruits,
      meanwhile: (e) => e.fill(dataStart, 4, (bytes) => bytes.set([41, 0, 0, 0])),
    })
    expect(recruits).toEqual([])
    expect(liveWorkers()).toBe(wanted)
    await executor.run()
    expect(await wordsAt(executor, dataStart, 1)).toEqual([42])
    executor.dispose()
    await workersBecome(0)
  })

  test('memory that a worker touches ahead keeps values written meanwhile', async () => {
    const [threads, pages] = [2, 1]
    const team = { threads, place: 'here' } as const
    const recruits = recruit(team)
    const memory = allocateAhead(pages, recruits)
    const words = new Int32Array(memory!.buffer).fill(7, dataStart / 4)
    const bytes = program(threads, () => {})
    const executor = await createExecutor({ bytes, pages, memory, ...team, recruits })
    await executor.run()
    expect(words.subarray(dataStart / 4).every((word) => word === 7)).toBe(true)
    expect(await wordsAt(executor, pages * 65536 - 4, 1)).toEqual([7])
    expect(allocateAhead(pages, [])).toBeUndefined()
    executor.dispose()
    await workersBecome(0)
  })

  test('workers that no executor took are ended', async () => {
    const recruits = recruit({ threads: 3, place: 'here' })
    expect(liveWorkers()).toBe(2)
    dismiss(recruits)
    expect(recruits).toEqual([])
    await workersBecome(0)
  })

  test('as many threads as the process may use', () => {
    expect(maxThreads()).toBeGreaterThanOrEqual(1)
    expect(Number.isInteger(maxThreads())).toBe(true)
    expect([1, 2, 3].map(sharedFor)).toEqual([false, true, true])
  })
})

test('a process ends beside idle threads, but not beside a run', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { createExecutor } from './src/wasm/runtime/executor.ts'
        const options = [[1, 'here'], [3, 'here'], [1, 'worker'], [3, 'worker']]
        const programs = ${JSON.stringify([1, 3].map((n) => [...program(n, stencil)]))}
        for (const [threads, place] of options) {
          const bytes = Uint8Array.from(programs[threads === 1 ? 0 : 1])
          const executor = await createExecutor({ bytes, pages: 1, threads, place })
          for (let run = 0; run < 3; run++) await executor.run()
          console.log(threads, place, (await executor.read(64, 4)).join())
        }`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
  })
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', outputFiles[0].text])
  const value = [...new Uint8Array(Int32Array.of(stencilInJavaScript(new Int32Array(length), 3)[0]).buffer)].join()
  const lines = ['1 here', '3 here', '1 worker', '3 worker'].map((line) => `${line} ${value}`)
  expect(stdout.trim().split('\n')).toEqual(lines)
})
