/** Comparisons of NaN, infinities and signed zeros: one rule for the documents, the oracles and the kernels. */
import { describe, expect, test } from 'vitest'
import { tensor } from '../../src/core/index.ts'
import { type Engine, referenceEngine } from '../../src/engine/index.ts'
import type { Graph } from '../../src/graph/index.ts'
import { constant, greater, input, maximum, minimum, mul, type Value, where } from '../../src/ops/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { textOf } from '../support/sources.ts'

const { NaN: nan, POSITIVE_INFINITY: high, NEGATIVE_INFINITY: low } = Number
const numbers = [nan, low, -1, -0, 0, 1, high]
const pairs = numbers.flatMap((a) => numbers.map((b) => [a, b] as const))

const isFirst = (a: number, b: number) => a === b || Number.isNaN(a) || Number.isNaN(b)
const rules: Record<string, readonly [(a: Value, b: Value) => Value, (a: number, b: number) => number]> = {
  maximum: [maximum, (a, b) => (isFirst(a, b) ? a : Math.max(a, b))],
  minimum: [minimum, (a, b) => (isFirst(a, b) ? a : Math.min(a, b))],
  greater: [greater, (a, b) => (a > b ? 1 : 0)],
  where: [(a, b) => where(a, b, 5), (a, b) => (a === 0 ? 5 : b)],
}

const engines: Record<string, Engine> = {
  reference: referenceEngine(),
  'wasm, 1 thread': wasmEngine({ threads: 1 }),
  'wasm, 2 threads': wasmEngine({ threads: 2 }),
}

const run = async (engine: Engine, y: Value, inputs: Record<string, number[]> = {}, freeze = false) => {
  const graph: Graph = { outputs: { y }, updates: [] }
  using program = await engine.compile(graph, { freeze })
  const given = Object.entries(inputs).map(([name, values]) => [name, Float32Array.from(values)])
  return [...(await program.run(Object.fromEntries(given))).y.data]
}

describe.each(Object.entries(engines))('%s', (_, engine) => {
  test.each(Object.entries(rules))('%s', async (_name, [op, rule]) => {
    const n = pairs.length
    const [as, bs] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
    const expected = pairs.map(([a, b]) => rule(a, b))
    const [a, b] = [input('a', [n]), input('b', [n])]
    expect(await run(engine, op(a, b), { a: as, b: bs })).toEqual(expected)
    // In the middle of an expression, where the engine fuses it; times 1 changes nothing.
    expect(await run(engine, mul(op(mul(a, 1), mul(b, 1)), 1), { a: as, b: bs })).toEqual(expected)
    const fixed = [as, bs].map((values) => constant(tensor([n], values)))
    expect(await run(engine, op(fixed[0], fixed[1]), {}, true)).toEqual(expected)
    for (const number of numbers) {
      const scalar = constant(number)
      expect(await run(engine, op(scalar, b), { b: bs })).toEqual(bs.map((v) => rule(number, v)))
      expect(await run(engine, op(a, scalar), { a: as })).toEqual(as.map((v) => rule(v, number)))
    }
  })
})

test('the docs state the rule: a if a and b are equal or either is NaN', () => {
  const source = textOf('src/ops/elementwise.ts')
  for (const word of ['larger', 'smaller'])
    expect(source).toContain(`/** The ${word} of a and b; a if they are equal or either is NaN. */`)
  expect(textOf('docs/ops.md').replace(/\s+/g, ' ')).toContain(
    '`maximum` and `minimum` give a where a and b are equal or either is NaN',
  )
})
