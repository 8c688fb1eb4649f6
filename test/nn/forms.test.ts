/** Inference and training as forms of one declared graph. */
import { describe, expect, test } from 'vitest'
import { KingletError, keyOf, tensor, UsageError } from '../../src/core/index.ts'
import { parametersOf, roots, topological } from '../../src/graph/index.ts'
import { build } from '../../src/models/index.ts'
import { type ForwardOptions, networkFrom } from '../../src/nn/index.ts'
import {
  batchNorm,
  constant,
  flatten,
  input,
  linear,
  mul,
  parameter,
  type Role,
  trainingDropout,
  type Value,
} from '../../src/ops/index.ts'
import { branched } from './make.ts'

const seed = input('seed', [], 'i32')
const formed = (options: Partial<ForwardOptions> = {}, net = branched()) =>
  net.forward(input('x', [4, ...net.inputShape]), { training: true, seed, ...options })
const namesOf = (values: readonly Value[]) => topological(values).map(({ op }) => op.name)
const updated = ({ updates }: ReturnType<typeof formed>) => updates.map(({ target }) => target.attrs.name)

const w = (name: string, shape: readonly number[], role: Role = 'weight') =>
  parameter({ name, shape, role, init: { kind: 'constant', value: 0 } })

describe('inference', () => {
  test('has neither marks of dropout nor updates, for any batch', () => {
    const net = branched()
    expect(namesOf(roots(net.declared))).toContain('training_dropout')
    for (const batch of [1, 5]) {
      const graph = net.graph(batch)
      expect(namesOf(roots(graph)).filter((name) => /dropout|channel_/.test(name))).toEqual([])
      expect(graph.updates).toEqual([])
      expect(graph.outputs.logits.shape).toEqual([batch, 3])
    }
    expect(net.graph()).toBe(net.graph(1))
  })

  test('its parameters are those of the declared graph, in their order', () => {
    const net = branched()
    for (const batch of [1, 3]) expect([...parametersOf(net.graph(batch))]).toEqual([...parametersOf(net.declared)])
  })
})

describe('training', () => {
  test("batch norm takes the batch's statistics, and updates the running ones, layer by layer", () => {
    const form = formed()
    expect(updated(form)).toEqual(
      ['wide', 'narrow', 'deep'].flatMap((layer) => [`${layer}.bn.mean`, `${layer}.bn.variance`]),
    )
    const [norm] = topological([form.outputs.logits]).filter(({ op }) => op.name === 'batch_norm')
    expect(norm.inputs.slice(3).map(({ op }) => op.name)).toEqual(['channel_mean', 'channel_variance'])
    expect(norm.scope).toBe('wide')
    // The same order as in inference, so that tables of layers agree.
    expect(new Set(topological(roots(form as never)).map((v) => v.scope))).toEqual(
      new Set(topological(roots(branched().declared)).map((v) => v.scope)),
    )
  })

  test('frozen layers keep their running statistics', () => {
    const form = formed({ frozen: (name) => name.startsWith('narrow') })
    expect(updated(form)).toEqual(['wide', 'deep'].flatMap((layer) => [`${layer}.bn.mean`, `${layer}.bn.variance`]))
  })

  test('each layer has its own momentum', () => {
    const net = build('mobilenet_v2', { width: 0.1, size: 32, classes: 2, batchNormMomentum: 0.25 })
    const [{ value }] = net.forward(input('x', [2, 32, 32, 3]), { training: true, seed }).updates
    // old (1 - m) + now m
    const shares = value.inputs.map(({ inputs }) => inputs[1].attrs.tensor.data[0])
    expect(shares).toEqual([0.75, 0.25])
  })

  test('each dropout has the stream of its layer, and a second one in the same layer has its own', () => {
    const streams = (net: ReturnType<typeof branched>) =>
      topological([formed({}, net).outputs.logits]).flatMap(({ op, attrs }) =>
        op.name === 'dropout' ? [attrs.stream] : [],
      )
    expect(streams(branched())).toEqual([keyOf('head')])
    const x = input('x', [1, 2, 2, 3])
    const twice = trainingDropout({ x: trainingDropout({ x: flatten(x) }) })
    const net = networkFrom({ outputs: { logits: linear(twice, w('w', [12, 3])) }, updates: [] })
    expect(streams(net)).toEqual([keyOf(''), keyOf('#1')])
  })

  test('batch norm over constants, or over parameters that are not state, does not change', () => {
    const x = flatten(input('x', [1, 2, 2, 1]))
    const one = constant(tensor([4], [1, 1, 1, 1]))
    const fixed = batchNorm({ x, gamma: one, beta: one, mean: one, variance: one })
    const learnt = batchNorm({ x: fixed, gamma: one, beta: one, mean: w('m', [4]), variance: w('v', [4]) })
    const net = networkFrom({ outputs: { logits: learnt }, updates: [] })
    expect(formed({}, net).updates).toEqual([])
  })
})

describe('bad input is refused', () => {
  test('an image of another shape', () => {
    expect(() => branched().forward(input('x', [2, 8, 16, 3]), { training: false })).toThrow(
      new KingletError('forward: x is [2, 8, 16, 3] f32: it must be [N, 16, 16, 3] f32'),
    )
  })

  test('dropout without a seed', () => {
    const net = branched()
    expect(() => net.forward(input('x', [4, 16, 16, 3]), { training: true })).toThrow(
      new UsageError('training_dropout head: no seed: give forward an i32 scalar that changes each step'),
    )
  })

  test('a batch in which channels have one value', () => {
    const net = build('mobilenet_v1', { width: 0.1, size: 32, classes: 2 })
    expect(() => net.forward(input('x', [1, 32, 32, 3]), { training: true, seed })).toThrow(
      /^batch_norm blocks\.\d+\.\w+: each channel has 1 value in x \[1, 1, 1, \d+\]: training needs 2 or more, use a /,
    )
  })

  test('two layers with the same running statistics', () => {
    const x = flatten(input('x', [1, 2, 2, 1]))
    const [gamma, beta] = [w('g', [4], 'norm'), w('b', [4], 'norm')]
    const running = { mean: w('mean', [4], 'state'), variance: w('variance', [4], 'state') }
    const once = batchNorm({ x, gamma, beta, ...running })
    const net = networkFrom({
      outputs: { logits: mul(batchNorm({ x: once, gamma, beta, ...running }), 2) },
      updates: [],
    })
    expect(() => formed({}, net)).toThrow(
      'forward: two layers update mean while training: give each its own running statistics',
    )
  })
})
