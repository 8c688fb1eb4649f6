import { describe, expect, test } from 'vitest'
import { Rng, size, type Tensor, tensor, zeros } from '../../../src/core/index.ts'
import { referenceEngine } from '../../../src/engine/index.ts'
import type { Model } from '../../../src/models/index.ts'
import { type Network, networkFrom } from '../../../src/nn/index.ts'
import { flatten, input, linear, mul, parameter, relu, sigmoid, type Value } from '../../../src/ops/index.ts'
import type { LabelledBatch } from '../../../src/search/evaluate/network.ts'
import { gradNorm, zico } from '../../../src/search/evaluate/proxies/gradients.ts'
import { proxyEvaluation, proxyNames, proxyScores } from '../../../src/search/evaluate/proxies/index.ts'
import { logDeterminant, naswot } from '../../../src/search/evaluate/proxies/naswot.ts'
import { synflow } from '../../../src/search/evaluate/proxies/synflow.ts'
import { failureOf, linearNet, toySet } from '../../train/toys.ts'
import { contextOf, engine, networkOf } from './helpers.ts'

const init = { kind: 'constant', value: 0 } as const
const weight = (name: string, { shape }: Tensor): Value => parameter({ name, shape, role: 'weight', init })

/** The network of `layers` on x, flattened, with the parameters `weights`. */
function netOf(
  inputShape: readonly number[],
  classes: number,
  weights: Map<string, Tensor>,
  layers: (x: Value, w: (name: string) => Value) => Value,
): Network {
  const x = flatten(input('x', [1, ...inputShape]))
  const logits = layers(x, (name) => weight(name, weights.get(name)!))
  const net = networkFrom({ outputs: { logits }, updates: [] }, { weights })
  expect(net.classes).toBe(classes)
  return Object.assign(net, { architecture: { name: 'tiny', options: {} } })
}

describe('gradient proxies, against plain loops', () => {
  const [n, inner, classes] = [4, 3, 2]
  const rng = new Rng(5)
  const draw = (count: number) => Float32Array.from({ length: count }, () => rng.normal())
  const w = draw(inner * classes)
  const batches: LabelledBatch[] = [0, 1, 2].map(() => ({
    x: draw(n * inner),
    targets: Float32Array.from({ length: n * classes }, (_, i) => Number(i % classes === (i % 3) % 2)),
  }))
  const net = linearNet(tensor([inner, classes], w), zeros([classes]))

  /** dL/dw of the mean cross-entropy of softmax(x w). */
  const gradient = ({ x, targets }: LabelledBatch): number[] => {
    const g = new Array<number>(inner * classes).fill(0)
    for (let i = 0; i < n; i++) {
      const scores = [0, 1].map((k) => [0, 1, 2].reduce((sum, c) => sum + x[i * inner + c] * w[c * classes + k], 0))
      const sum = scores.reduce((a, s) => a + Math.exp(s), 0)
      const all = targets[i * classes] + targets[i * classes + 1]
      for (let c = 0; c < inner; c++)
        for (let k = 0; k < classes; k++) {
          const d = (all * Math.exp(scores[k])) / sum - targets[i * classes + k]
          g[c * classes + k] += (x[i * inner + c] * d) / n
        }
    }
    return g
  }

  test('gradNorm: of the weights, not the bias, on the first batch', async () => {
    const expected = Math.sqrt(gradient(batches[0]).reduce((sum, g) => sum + g * g, 0))
    expect(await gradNorm.score({ net, engine, batches })).toBeCloseTo(expected, 5)
  })

  test.each([2, 3])('ZiCo: log of the sum of mean |g| / deviation over %i batches', async (count) => {
    const all = batches.slice(0, count).map(gradient)
    let sum = 0
    for (let i = 0; i < inner * classes; i++) {
      const own = all.map((g) => g[i])
      const mean = own.reduce((a, b) => a + b) / count
      const deviation = Math.sqrt(own.reduce((a, g) => a + (g - mean) ** 2, 0) / count)
      sum += own.reduce((a, g) => a + Math.abs(g), 0) / count / deviation
    }
    const score = await zico.score({ net, engine, batches: batches.slice(0, count) })
    expect(score).toBeCloseTo(Math.log(sum), 3)
  })

  test('ZiCo: weights whose gradient does not vary add nothing', async () => {
    expect(await zico.score({ net, engine, batches: [batches[0], batches[0]] })).toBe(0)
  })
})

describe('SynFlow', () => {
  test('two layers by hand: each contributes R', async () => {
    const weights = new Map([
      ['a', tensor([2, 2], [1, -2, 3, 4])],
      ['b', tensor([2, 1], [-5, 0.5])],
    ])
    const net = netOf([1, 1, 2], 1, weights, (x, w) => linear(relu(linear(x, w('a'))), w('b')))
    // An image of ones: 1 + 3 and 2 + 4 in the middle, 4 * 5 + 6 * 0.5 = 23 at the end.
    expect(await synflow.score({ net, engine, batches: [] })).toBeCloseTo(Math.log(2 * 23), 5)
  })

  test('nothing flows through gates, which are 1', async () => {
    const weights = new Map([
      ['a', tensor([2, 2], [1, -2, 3, 4])],
      ['gate', tensor([2, 2], [7, 7, 7, 7])],
      ['b', tensor([2, 1], [-5, 0.5])],
    ])
    const layers = (x: Value, w: (name: string) => Value) => {
      const y = linear(x, w('a'))
      return linear(mul(y, sigmoid(linear(y, w('gate')))), w('b'))
    }
    const net = netOf([1, 1, 2], 1, weights, layers)
    expect(await synflow.score({ net, engine, batches: [] })).toBeCloseTo(Math.log(2 * 23), 5)
  })

  /** R for |w|, without batch norm and with ReLU for every activation. */
  const flow = async (net: Model, doubled = '') => {
    const weights = new Map(
      [...net.weights].map(([name, t]): [string, Tensor] => {
        const scale = name === doubled ? 2 : 1
        const identity = name.endsWith('.bn.variance') ? 1 - 1e-3 : Number(name.endsWith('.bn.gamma'))
        const values = name.includes('.bn.') ? t.data.map(() => identity) : t.data.map((x) => Math.abs(x) * scale)
        return [name, tensor(t.shape, Float32Array.from(values))]
      }),
    )
    const program = await referenceEngine().compile(net.graph(), { weights })
    const { logits } = await program.run({ x: new Float32Array(size(net.inputShape)).fill(1) })
    return (logits.data as Float32Array).reduce((a, b) => a + b, 0)
  }

  test('a network with shortcuts: R is linear in each layer, so w dR/dw is the increase when the layer doubles', async () => {
    const net = networkOf({ act: 'relu', shortcut: true })
    const layers = [...net.weights.keys()].filter((name) => name.endsWith('.w'))
    const whole = await flow(net)
    let sum = 0
    for (const layer of layers) sum += (await flow(net, layer)) - whole
    expect(await synflow.score({ net, engine, batches: [] })).toBeCloseTo(Math.log(sum), 3)
  })

  test('squeeze-and-excitation and the kind of activation change nothing', async () => {
    const net = networkOf({ act: 'hard_swish', se: true })
    const plain = networkOf({ act: 'relu' })
    plain.weights = new Map([...net.weights].filter(([name]) => !name.includes('.se.')))
    const [a, b] = [
      await synflow.score({ net, engine, batches: [] }),
      await synflow.score({ net: plain, engine, batches: [] }),
    ]
    expect(a).toBeCloseTo(b, 4)
  })

  test('beyond single precision: a factor of 2^60 in three layers is exact', async () => {
    const net = networkOf({})
    const before = await synflow.score({ net, engine, batches: [] })
    const grown = ['stem.conv.w', 'blocks.0.depthwise.conv.w', 'classifier.w']
    net.weights = new Map(
      [...net.weights].map(([name, t]): [string, Tensor] => [
        name,
        grown.includes(name)
          ? tensor(
              t.shape,
              Float32Array.from(t.data, (x) => x * 2 ** 60),
            )
          : t,
      ]),
    )
    expect((await synflow.score({ net, engine, batches: [] })) - before).toBeCloseTo(180 * Math.LN2, 4)
  })

  test('a network with gates only is refused', async () => {
    const weights = new Map([
      ['a', tensor([2, 2], [1, 2, 3, 4])],
      ['b', tensor([2, 1], [0, 0])],
    ])
    const net = netOf([1, 1, 2], 1, weights, (x, w) => linear(sigmoid(linear(x, w('a'))), w('b')))
    expect(await failureOf(() => synflow.score({ net, engine, batches: [] }))).toBe(
      'KingletError: synflow: nothing flows through tiny: all its activations are gates',
    )
  })
})

describe('NASWOT', () => {
  const batchOf = (images: readonly (readonly number[])[]): LabelledBatch => ({
    x: Float32Array.from(images.flat()),
    targets: new Float32Array(images.length),
  })
  const net = netOf([1, 1, 4], 1, new Map([['a', tensor([4, 1], [1, 1, 1, 1])]]), (x, w) => linear(relu(x), w('a')))

  test('three images by hand: K = [[4, 2, 1], [2, 4, 1], [1, 1, 4]], of determinant 44', async () => {
    const images = [
      [1, 2, -1, -1],
      [3, -1, 0.5, 0],
      [-1, -2, 0, 1],
    ]
    expect(await naswot.score({ net, engine, batches: [batchOf(images)] })).toBeCloseTo(Math.log(44), 10)
  })

  test('log determinants', () => {
    expect(logDeterminant([Float64Array.of(0, 2), Float64Array.of(3, 0)])).toBeCloseTo(Math.log(6), 12)
    expect(logDeterminant([Float64Array.of(1, 2), Float64Array.of(2, 4)])).toBe(Number.NEGATIVE_INFINITY)
  })

  test('images with equal codes and a network without switching units are refused', async () => {
    const alike = batchOf([
      [1, 2, -1, -1],
      [5, 5, -5, -5],
    ])
    expect(await failureOf(() => naswot.score({ net, engine, batches: [alike] }))).toBe(
      'KingletError: naswot: tiny switches its units alike for two of the 2 images: use images that differ',
    )
    const straight = linearNet(tensor([3, 2], [1, 2, 3, 4, 5, 6]), zeros([2]))
    const batch = batchOf([[1, 2, 3]])
    expect(await failureOf(() => naswot.score({ net: straight, engine, batches: [batch] }))).toBe(
      'KingletError: naswot: linear has no ReLU, nor another activation that is off for some inputs: use synflow',
    )
  })
})

describe('of models', () => {
  const data = toySet(18)

  test('all proxies have the same scores on the reference engine', async () => {
    const net = networkOf({ act: 'hard_swish', se: true, shortcut: true })
    const options = { data, batch: 3 }
    const found = await proxyScores(net, proxyNames, { engine, ...options })
    const expected = await proxyScores(net, proxyNames, { engine: referenceEngine(), ...options })
    for (const name of proxyNames) expect(found[name] / expected[name], name).toBeCloseTo(1, 2)
    expect(Object.keys(found)).toEqual(proxyNames)
  })

  test('a wider network scores higher', async () => {
    const scores = (width: number) =>
      proxyScores(networkOf({ width }), ['parameters', 'macs', 'synflow', 'naswot'], { engine, data })
    const [narrow, wide] = [await scores(0.1), await scores(0.5)]
    expect(Object.entries(wide).filter(([name, s]) => s <= narrow[name as keyof typeof narrow])).toEqual([])
  })

  test('as an evaluator, with demands', async () => {
    const evaluator = proxyEvaluation({
      ...{ networkOf, engine, data, proxies: ['zico', 'parameters'] },
      demands: [{ name: 'classes', value: (model) => model.classes!, minimize: true, atMost: 2 }],
    })
    expect(evaluator.objectives).toEqual([
      { name: 'zico', direction: 'maximize' },
      { name: 'parameters', direction: 'maximize' },
      { name: 'classes', direction: 'minimize' },
    ])
    const outcome = await evaluator.evaluate({ width: 0.1 }, contextOf().context)
    expect(outcome.values.slice(1)).toEqual([expect.any(Number), 3])
    expect(outcome.violations).toEqual([1])
  })

  test('mistakes', async () => {
    const net = networkOf({ width: 0.1 })
    const failure = (names: string[], options = {}) =>
      failureOf(() => proxyScores(net, names as 'zico'[], { engine, data, ...options }))
    expect(await failure(['zicco'])).toBe(
      'UsageError: there is no proxy zicco (did you mean zico?): use parameters, macs, gradNorm, synflow, naswot or zico',
    )
    expect(await failureOf(() => proxyScores(net, ['zico'], { engine }))).toBe(
      'UsageError: proxy zico: no data is given: it needs images',
    )
    expect(await failure(['zico'], { batches: 1 })).toBe(
      'UsageError: proxies: batches is 1: it must be an integer, 2 or more',
    )
    expect(await failure(['zico'], { batch: 19 })).toBe(
      'KingletError: evaluate: a batch of 19 is larger than the set of 18 images: use a batch of at most 18',
    )
  })
})
