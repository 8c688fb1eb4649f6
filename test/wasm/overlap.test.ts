/** Calls of a program that overlap: each gets its own result, in the order in which the calls were made. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { tensor } from '../../src/core/index.ts'
import type { Engine } from '../../src/engine/index.ts'
import { referenceEngine } from '../../src/engine/index.ts'
import type { Graph } from '../../src/graph/index.ts'
import { add, input, mul, parameter } from '../../src/ops/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { failureOf } from '../data/make.ts'

afterEach(() => vi.unstubAllGlobals())

/** y = x + w, and w doubles in each run. */
const doubling = (): Graph => {
  const w = parameter({ name: 'w', shape: [5], role: 'weight', init: { kind: 'constant', value: 1 } })
  return { outputs: { y: add(input('x', [5]), w) }, updates: [{ target: w, value: mul(w, 2) }] }
}

const five = (value: number) => new Float32Array(5).fill(value)

/** A page's own thread must not block: its programs run in workers, through messages where memory cannot be shared. */
const asPage = (isolated: boolean) => () => {
  vi.stubGlobal('document', {})
  vi.stubGlobal('crossOriginIsolated', isolated)
}

const places: readonly (readonly [string, () => Engine, () => void])[] = [
  ['reference', referenceEngine, () => {}],
  ['wasm, 1 thread', () => wasmEngine({ threads: 1 }), () => {}],
  ['wasm, 2 threads', () => wasmEngine({ threads: 2 }), () => {}],
  ['wasm in an isolated page, 1 thread', () => wasmEngine({ threads: 1 }), asPage(true)],
  ['wasm in an isolated page, 2 threads', () => wasmEngine({ threads: 2 }), asPage(true)],
  ['wasm in a page', () => wasmEngine({ threads: 1 }), asPage(false)],
]

describe.each(places)('%s', (name, make, stand) => {
  test('runs, reads and writes that are not awaited', async () => {
    stand()
    using program = await make().compile(doubling())
    const [first, between, second, , third, last] = await Promise.all([
      program.run({ x: five(10) }),
      program.read(['w']),
      program.run({ x: five(20) }),
      program.write(new Map([['w', tensor([5], five(100))]])),
      program.run({ x: five(30) }),
      program.read(),
    ])
    expect(first.y.data).toEqual(five(11))
    expect(between.get('w')!.data).toEqual(five(2))
    expect(second.y.data).toEqual(five(22))
    expect(third.y.data).toEqual(five(130))
    expect(last.get('w')!.data).toEqual(five(200))
  })

  test('an error in one call does not affect the others', async () => {
    stand()
    using program = await make().compile(doubling())
    const [first, ...said] = await Promise.all([
      program.run({ x: five(1) }),
      failureOf(program.run({ x: new Float32Array(4) })),
      failureOf(program.read(['v'])),
      failureOf(program.write(new Map([['w', tensor([1], [0])]]))),
    ])
    expect(first.y.data).toEqual(five(2))
    expect(said).toEqual([
      'KingletError: run: input x has 4 values: [5] f32 holds 5',
      'KingletError: read: no parameter v',
      'KingletError: write: parameter w is [5] f32, the tensor given is [1] f32',
    ])
    expect((await program.run({ x: five(1) })).y.data).toEqual(five(3))
  })

  test('calls that wait when the program is disposed of reject with a clear error', async () => {
    stand()
    const program = await make().compile(doubling())
    const first = program.run({ x: five(1) }).then(({ y }) => [...y.data], String)
    const waiting = [
      failureOf(program.run({ x: five(1) })),
      failureOf(program.read()),
      failureOf(program.write(new Map([['w', tensor([5], five(3))]]))),
    ]
    program.dispose()
    const said = 'KingletError: program: it was disposed of: compile the graph again'
    // The first may already have its result, but nothing else.
    expect([[2, 2, 2, 2, 2], said]).toContainEqual(await first)
    // The reference engine computes within the call, so no call waits.
    const never = 'it did not fail'
    expect(await Promise.all(waiting)).toEqual(Array(3).fill(name === 'reference' ? never : said))
    expect(await failureOf(program.run({ x: five(1) }))).toBe(said)
  })
})
