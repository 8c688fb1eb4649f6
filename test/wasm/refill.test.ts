/** A refilled program is bit-identical to one compiled with the new weights, and is not recompiled if the code is the same. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { key, keyOf, Rng, size, type Tensor, tensor } from '../../src/core/index.ts'
import { type Engine, referenceEngine } from '../../src/engine/index.ts'
import { type Graph, initialise, inputsOf, parametersOf, type Weights } from '../../src/graph/index.ts'
import { build } from '../../src/models/index.ts'
import { add, batchNorm, conv2d, input, mul, parameter, type Role, relu6, type Value } from '../../src/ops/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'

/** Weights as training could leave them. */
function trained(graph: Graph, seed: number): Map<string, Tensor> {
  return new Map(
    [...parametersOf(graph)].map(([name, { shape }]) => {
      const rng = new Rng(key(seed, keyOf(name)))
      const [low, high] = /gamma|variance/.test(name) ? [0.5, 1.5] : [-0.3, 0.3]
      return [
        name,
        tensor(
          shape,
          Float32Array.from({ length: size(shape) }, () => rng.between(low, high)),
        ),
      ]
    }),
  )
}

const inputFor = (graph: Graph): Record<string, Float32Array> => {
  const rng = new Rng(5)
  const { shape } = inputsOf(graph).get('x')!
  return { x: Float32Array.from({ length: size(shape) }, () => rng.between(-2, 2)) }
}

const anew = async (engine: Engine, graph: Graph, weights: Weights, freeze: boolean) => {
  using program = await engine.compile(graph, { weights, freeze })
  return await program.run(inputFor(graph))
}

const compilations = vi.spyOn(WebAssembly, 'compile')
afterEach(() => compilations.mockClear())

describe.each([
  ['mobilenet_v1', { width: 0.25, size: 32 }],
  ['mobilenet_v2', { width: 0.25, size: 32, convolution: 'standard' }],
  ['mobilenet_v3_small', { width: 0.5, size: 32 }],
  ['resnet18', { width: 0.25, size: 32 }],
] as const)('%s', (name, options) => {
  const net = build(name, { ...options, classes: 7 })
  const graph = net.graph(2)

  test.each([1, 2])('frozen, %i threads', async (threads) => {
    const engine = wasmEngine({ threads, deterministic: 'everywhere' })
    const [first, second] = [trained(graph, 1), trained(graph, 2)]
    const [one, two] = [await anew(engine, graph, first, true), await anew(engine, graph, second, true)]
    expect(one).not.toEqual(two)
    using program = await engine.compile(graph, { weights: first, freeze: true })
    compilations.mockClear()
    expect(await program.run(inputFor(graph))).toEqual(one)
    await program.refill(second)
    expect(await program.run(inputFor(graph))).toEqual(two)
    await program.refill(first)
    expect(await program.run(inputFor(graph))).toEqual(one)
    expect(compilations).not.toHaveBeenCalled()
  })
})

/** A convolution with few channels, whose constants are merged by value, and one constant that is an immediate. */
function small(): Graph {
  const p = (name: string, shape: number[], value: number, role: Role = 'norm') =>
    parameter({ name, shape, role, init: { kind: 'constant', value } })
  const x = input('x', [1, 4, 4, 3])
  const z = conv2d({ x, w: p('w', [3, 3, 3, 4], 0.1, 'weight') }, { pad: [1, 1, 1, 1] })
  const norm = (name: string, y: Value) =>
    batchNorm({
      x: y,
      gamma: p(`${name}.gamma`, [4], 1),
      beta: p(`${name}.beta`, [4], 0),
      mean: p(`${name}.mean`, [4], 0),
      variance: p(`${name}.variance`, [4], 1),
    })
  const y = mul(relu6(norm('a', z)), p('scale', [1], 1))
  return { outputs: { y: norm('b', add(y, mul(y, 0.5))) }, updates: [] }
}

test('values that change the code are recompiled: constants that were equal and now differ, immediates', async () => {
  const engine = wasmEngine({ threads: 1 })
  const graph = small()
  const first = initialise(parametersOf(graph).values(), 0)
  const second = trained(graph, 3)
  using program = await engine.compile(graph, { weights: first, freeze: true })
  compilations.mockClear()
  await program.refill(second)
  expect(compilations).toHaveBeenCalledTimes(1)
  expect(await program.run(inputFor(graph))).toEqual(await anew(engine, graph, second, true))
  await program.refill(first)
  expect(await program.run(inputFor(graph))).toEqual(await anew(engine, graph, first, true))
})

describe.each([
  ['wasm', wasmEngine({ threads: 1 })],
  ['reference', referenceEngine()],
] as const)('%s', (_, engine) => {
  const graph = small()
  const weights = trained(graph, 4)

  test.each([true, false])('freeze: %s', async (freeze) => {
    using program = await engine.compile(graph, { freeze })
    // Other names are ignored, and calls are served in order.
    const refilled = program.refill(new Map([...weights, ['other', tensor([1], [1])]]))
    const [, y] = await Promise.all([refilled, program.run(inputFor(graph))])
    expect(y).toEqual(await anew(engine, graph, weights, freeze))
  })

  test('refused values', async () => {
    const program = await engine.compile(graph, { weights, freeze: true })
    const without = new Map([...weights].filter(([name]) => name !== 'a.mean'))
    await expect(program.refill(without)).rejects.toThrow(
      'refill: parameter a.mean is missing: give all of them, or write some',
    )
    await expect(program.refill(new Map([...weights, ['a.mean', tensor([5], [1, 2, 3, 4, 5])]]))).rejects.toThrow(
      'refill: parameter a.mean is [4] f32, the tensor given is [5] f32',
    )
    expect(await program.run(inputFor(graph))).toEqual(await anew(engine, graph, weights, true))
    program.dispose()
    await expect(program.refill(weights)).rejects.toThrow('program: it was disposed of: compile the graph again')
  })
})

test('a program that is disposed of while it is refilled leaves no thread', async () => {
  const graph = small()
  const program = await wasmEngine({ threads: 2 }).compile(graph, { freeze: true })
  const refilled = program.refill(trained(graph, 3))
  program.dispose()
  await expect(refilled).rejects.toThrow('program: it was disposed of: compile the graph again')
})
