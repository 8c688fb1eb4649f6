/** Outputs and updates that share nodes all read the values of parameters from before the run, on every engine. */
import { describe, expect, test } from 'vitest'
import { size, tensor } from '../../src/core/index.ts'
import { type Engine, referenceEngine } from '../../src/engine/index.ts'
import type { Graph } from '../../src/graph/index.ts'
import { add, input, mul, parameter, reshape, sliceFirst, type Value } from '../../src/ops/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'

/** Too large for one thread alone, and not a multiple of four. */
const shape = [3, 4001]
const weight = (name: string): Value => parameter({ name, shape, role: 'weight', init: { kind: 'uniform', bound: 1 } })

type Make = (p: Value, q: Value, x: Value) => Graph
const cases: Record<string, Make> = {
  'a parameter and its update': (p, _q, x) => ({ outputs: { p }, updates: [{ target: p, value: add(p, x) }] }),
  'views of a parameter': (p, _q, x) => {
    const [row, flat] = [sliceFirst({ x: p }, { from: 1 }), reshape({ x: p }, { shape: [size(shape)] })]
    return { outputs: { row, flat }, updates: [{ target: p, value: mul(p, x) }] }
  },
  'a parameter under two names, and its new value under another': (p, _q, x) => {
    const value = add(p, x)
    return { outputs: { p, value, again: p }, updates: [{ target: p, value }] }
  },
  'a view of the new value': (p, _q, x) => {
    const value = add(p, x)
    return { outputs: { row: sliceFirst({ x: value }, { from: 2 }), p }, updates: [{ target: p, value }] }
  },
  'two parameters that change places': (p, q, x) => ({
    outputs: { p, q, row: sliceFirst({ x: q }, { from: 0 }), sum: add(p, x) },
    updates: [
      { target: p, value: q },
      { target: q, value: p },
    ],
  }),
  'one value for two parameters': (p, q, x) => {
    const value = add(mul(p, q), x)
    return {
      outputs: { p, q, value },
      updates: [
        { target: p, value },
        { target: q, value },
      ],
    }
  },
  'an input and a parameter that does not change': (p, q, x) => ({
    outputs: { x, q, sum: add(p, q) },
    updates: [{ target: p, value: x }],
  }),
  'a parameter that is updated with a view of itself': (p, _q, x) => {
    const turned = reshape({ x: reshape({ x: p }, { shape: [size(shape)] }) }, { shape })
    return { outputs: { p, sum: add(turned, x) }, updates: [{ target: p, value: turned }] }
  },
}

async function twice(engine: Engine, make: Make): Promise<unknown[]> {
  const graph = make(weight('p'), weight('q'), input('x', shape))
  const values = (by: number) => Float32Array.from({ length: size(shape) }, (_, i) => ((i * by) % 97) / 32 - 1)
  const weights = new Map(['p', 'q'].map((name, i) => [name, tensor(shape, values(5 + i))]))
  using program = await engine.compile(graph, { weights })
  const found: unknown[] = []
  for (const by of [3, 11]) found.push(await program.run({ x: values(by) }), await program.read())
  return found
}

describe.each(Object.entries(cases))('%s', (_, make) => {
  test.each([1, 2])('bit-identical to the reference engine in two runs, %i threads', async (threads) => {
    const expected = await twice(referenceEngine(), make)
    expect(await twice(wasmEngine({ threads, deterministic: 'everywhere' }), make)).toEqual(expected)
  })
})
