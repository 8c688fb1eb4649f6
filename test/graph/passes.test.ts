import { describe, expect, it } from 'vitest'
import { key, type Shape, size, type Tensor, tensor, uniformAt } from '../../src/core/index.ts'
import { evaluate, type Graph, gradients, nameOf, roots, topological } from '../../src/graph/index.ts'
import {
  bodyOf,
  foldBatchNorm,
  foldConstants,
  freeze,
  fuse,
  fusedOp,
  lower,
  mergeEqual,
  prune,
} from '../../src/graph/passes/index.ts'
import { planMemory } from '../../src/graph/plan/index.ts'
import { pack } from '../../src/graph/plan/plan.ts'
import {
  add,
  batchNorm,
  channelMean,
  channelVariance,
  conv2d,
  depthwiseConv2d,
  hardSwish,
  input,
  isInput,
  isParameter,
  matmul,
  mul,
  parameter,
  reduceSum,
  relu6,
  reshape,
  scope,
  takesEpilogue,
  type Value,
} from '../../src/ops/index.ts'
import { hasKernel } from '../../src/wasm/kernels/index.ts'
import { contractOf } from '../../src/wasm/passes/contracts.ts'
import { prepare } from '../../src/wasm/prepare.ts'

const values = (name: string, shape: Shape, low = -1, high = 1): Tensor => {
  const stream = key(7, ...[...name].map((c) => c.charCodeAt(0)))
  return tensor(
    shape,
    Float32Array.from({ length: size(shape) }, (_, i) => low + (high - low) * uniformAt(stream, i)),
  )
}
const weight = (name: string, shape: Shape): Value =>
  parameter({ name, shape, role: 'weight', init: { kind: 'constant', value: 0 } })
const leaf = (v: Value): Tensor => values(nameOf(v), v.shape, nameOf(v).endsWith('variance') ? 0.5 : -1, 1.5)
const run = (graph: Graph): Tensor[] => evaluate(roots(graph), leaf, contractOf)

const expectClose = (got: readonly Tensor[], want: readonly Tensor[]) => {
  for (const [i, t] of want.entries()) {
    const scale = Math.max(...[...t.data].map(Math.abs), 1e-3)
    // Passes reorder float32 arithmetic: a few units in the last place of the largest value.
    for (const [j, x] of [...t.data].entries()) expect(Math.abs(got[i].data[j] - x)).toBeLessThan(1e-5 * scale)
  }
}

const norm = (x: Value, name: string): Value => {
  const c = [x.shape[x.shape.length - 1]]
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'mean', 'variance'].map((n) => weight(`${name}.${n}`, c))
  return batchNorm({ x, gamma, beta, mean, variance }, { eps: 1e-3 })
}

/** conv - bn - h-swish - depthwise - bn - relu6 - project - bn - add */
const block = (): Graph => {
  const x = input('x', [2, 6, 7, 8])
  const a = hardSwish(norm(conv2d({ x, w: weight('expand', [1, 1, 8, 20]) }), 'bn1'))
  const b = relu6(norm(depthwiseConv2d({ x: a, w: weight('dw', [3, 3, 20]) }, { pad: [1, 1, 1, 1] }), 'bn2'))
  const y = add(x, norm(conv2d({ x: b, w: weight('project', [1, 1, 20, 8]) }), 'bn3'))
  return { outputs: { y, b }, updates: [] }
}

/** One training step of conv - bn (batch statistics) - relu6 with plain gradient descent. */
const trainingStep = (): Graph => {
  const x = input('x', [3, 5, 5, 4])
  const w = weight('w', [3, 3, 4, 6])
  const gamma = weight('gamma', [6])
  const beta = weight('beta', [6])
  const z = conv2d({ x, w }, { pad: [1, 1, 1, 1] })
  const mean = channelMean({ x: z })
  const y = relu6(batchNorm({ x: z, gamma, beta, mean, variance: channelVariance({ x: z }) }, { eps: 1e-3 }))
  const loss = reduceSum({ x: mul(y, y) }, { axes: [0, 1, 2, 3] })
  const trained = [w, gamma, beta]
  const g = gradients(loss, trained)
  return { outputs: { loss }, updates: trained.map((p) => ({ target: p, value: add(p, mul(g.get(p)!, -0.01)) })) }
}

const opNames = (graph: Graph) => topological(roots(graph)).map((v) => v.op.name)

describe('passes keep results', () => {
  const frozen = () => {
    const graph = block()
    const weights = new Map(
      topological(roots(graph))
        .filter(isParameter)
        .map((p) => [nameOf(p), leaf(p)]),
    )
    return freeze(graph, weights)
  }
  const cases: Record<string, (g: Graph) => Graph> = {
    'lower to what the WebAssembly engine has': (g) => lower(g, hasKernel),
    'merge equal expressions': (g) => mergeEqual(lower(g, hasKernel)),
    'fold constants': foldConstants,
    'fold batch norm': foldBatchNorm,
    fuse: (g) => fuse(mergeEqual(lower(g, hasKernel)), takesEpilogue),
    'everything that the engine does': (g) => prepare(foldBatchNorm(g)),
  }
  for (const [name, pass] of Object.entries(cases)) {
    it(`${name}: inference`, () => {
      const graph = frozen()
      expectClose(run(pass(graph)), run(graph))
    })
    if (name === 'fold batch norm') continue
    it(`${name}: a training step`, () => {
      const graph = trainingStep()
      expectClose(run(pass(graph)), run(graph))
    })
  }

  it('folding removes batch norm and computes constants', () => {
    const folded = foldConstants(lower(foldBatchNorm(frozen()), hasKernel))
    expect(opNames(folded)).not.toContain('batch_norm')
    expect(opNames(folded)).not.toContain('sqrt')
  })

  it('batch norm stays if the convolution has another reader', () => {
    const x = input('x', [1, 2, 2, 3])
    const z = conv2d({ x, w: weight('w', [1, 1, 3, 4]) })
    const graph: Graph = { outputs: { z, y: norm(z, 'bn') }, updates: [] }
    expect(opNames(foldBatchNorm(graph))).toContain('batch_norm')
  })

  it('activation and residual join the producers: three products, three kernels', () => {
    const steps = planMemory(prepare(foldBatchNorm(frozen()))).steps
    expect(steps.map((v) => v.op.name)).toEqual(['fused', 'fused', 'fused'])
  })

  it('an epilogue does not read a vector per channel if the product has other columns', () => {
    const product = matmul({ a: input('a', [5, 8]), b: input('b', [8, 3]) })
    const turned = reshape({ x: product }, { shape: [3, 5] })
    const graph: Graph = { outputs: { y: add(turned, input('c', [5])) }, updates: [] }
    const prepared = prepare(graph)
    expect(planMemory(prepared).steps.map((v) => (v.op === fusedOp ? bodyOf(v).anchor?.op.name : v.op.name))).toEqual([
      ...['pack', 'packed_matmul'],
      undefined,
    ])
    const whole: Graph = { outputs: { y: add(turned, input('d', [3, 5])) }, updates: [] }
    expect(planMemory(prepare(whole)).steps).toHaveLength(2)
  })

  it('equal expressions are computed once', () => {
    const x = input('x', [4])
    const graph: Graph = { outputs: { y: add(mul(x, 2), mul(x, 2)) }, updates: [] }
    expect(opNames(mergeEqual(graph)).filter((n) => n === 'mul')).toHaveLength(1)
  })

  it('sums over one space share a pass: batch statistics are one kernel, and so are the gradients of a batch norm', () => {
    const fused = prepare(trainingStep())
    const sums = planMemory(fused).steps.filter((v) => v.shape[0] === 2 && v.attrs.body?.roots.length === 2)
    expect(sums).toHaveLength(2)
  })

  it('prune keeps what the outputs need', () => {
    const pruned = prune(block(), ['b'])
    expect(Object.keys(pruned.outputs)).toEqual(['b'])
    expect(topological(roots(pruned)).filter(isParameter).map(nameOf)).not.toContain('project')
    expect(() => prune(block(), ['c'])).toThrow('prune: no output c: the graph has y or b')
  })

  it('names a primitive without a kernel', () => {
    expect(() => lower(block(), (op) => op.name === 'input')).toThrow(/this engine has no kernel for it/)
  })

  it('freezing names the parameter without values', () => {
    expect(() => freeze(block(), new Map())).toThrow('freeze: no values for parameter expand')
  })
})

describe('layers', () => {
  /** Two layers, and a parameter that is updated and is an output. */
  const layered = (): Graph => {
    const x = input('x', [2, 6, 7, 8])
    const a = scope('expand', () => hardSwish(norm(conv2d({ x, w: weight('expand', [3, 3, 8, 20]) }), 'bn1')))
    const { y, mean } = scope('project', () => {
      const z = conv2d({ x: a, w: weight('project', [1, 1, 20, 8]) })
      return { y: norm(z, 'bn2'), mean: weight('mean', [8]) }
    })
    return { outputs: { y, mean }, updates: [{ target: mean, value: scope('project', () => mul(mean, 0.5)) }] }
  }
  const frozen = (g: Graph): Graph =>
    freeze(
      g,
      new Map(
        topological(roots(g))
          .filter(isParameter)
          .map((p) => [nameOf(p), leaf(p)]),
      ),
    )
  const passes: Record<string, (g: Graph) => Graph> = {
    'folding batch norm': foldBatchNorm,
    freezing: frozen,
    lowering: (g) => lower(g, hasKernel),
    'all of inference': (g) => prepare(frozen(foldBatchNorm(g))),
    'all of training': (g) => prepare(g),
  }
  it.each(Object.entries(passes))('%s: each new node has the layer of the node that it replaces', (_, pass) => {
    const nodes = topological(roots(pass(layered())))
    const inside = nodes.flatMap((v) => (v.op === fusedOp ? topological(bodyOf(v).roots) : []))
    const without = [...nodes, ...inside].filter((v) => !isInput(v) && !['expand', 'project'].includes(v.scope))
    expect(without.map((v) => v.op.name)).toEqual([])
  })

  it('sums that share a pass keep their own layers', () => {
    const z = input('z', [3, 5, 5, 4])
    const sums = ['a', 'b'].map((name) =>
      scope(name, () => reduceSum({ x: mul(z, name === 'a' ? 2 : z) }, { axes: [0, 1, 2] })),
    )
    const { outputs } = prepare({ outputs: { a: sums[0], b: sums[1] }, updates: [] })
    expect([outputs.a, outputs.b].map((v) => [v.op.name, v.scope])).toEqual([
      ['reshape', 'a'],
      ['reshape', 'b'],
    ])
  })
})

describe('memory plan', () => {
  it('values that are alive together never overlap', () => {
    const blocks = Array.from({ length: 200 }, (_, i) => {
      const from = Math.floor(uniformAt(1, i) * 50)
      return {
        key: i,
        from,
        to: from + Math.floor(uniformAt(2, i) * 12),
        bytes: 64 * (1 + Math.floor(uniformAt(3, i) * 9)),
      }
    })
    const { offsets, bytes } = pack(blocks)
    for (const a of blocks)
      for (const b of blocks) {
        if (a === b || a.to < b.from || b.to < a.from) continue
        const [p, q] = [offsets.get(a)!, offsets.get(b)!]
        expect(p + a.bytes <= q || q + b.bytes <= p).toBe(true)
      }
    const busiest = Math.max(
      ...Array.from({ length: 64 }, (_, t) =>
        blocks.filter((b) => b.from <= t && t <= b.to).reduce((n, b) => n + b.bytes, 0),
      ),
    )
    expect(bytes).toBeGreaterThanOrEqual(busiest)
    // Largest first leaves little waste; 25 % is far above what it does on random lifetimes.
    expect(bytes).toBeLessThan(busiest * 1.25)
  })

  it('new values of parameters are written in place, after every reader of the old ones', () => {
    const graph = prepare(trainingStep())
    const plan = planMemory(graph)
    expect(plan.copies).toHaveLength(0)
    for (const { target, value } of graph.updates) {
      expect(plan.address(value)).toBe(plan.address(target))
      const readers = plan.steps.flatMap((s, i) => (s.inputs.includes(target) ? [i] : []))
      expect(Math.max(...readers)).toBeLessThanOrEqual(plan.steps.indexOf(value))
    }
  })

  it('a chain needs two buffers, whatever its length', () => {
    let x: Value = input('x', [1024])
    for (let i = 0; i < 20; i++) x = add(x, i + 1)
    expect(isInput(x)).toBe(false)
    expect(planMemory({ outputs: { x }, updates: [] }).arenaBytes).toBe(2 * 4096)
  })
})
