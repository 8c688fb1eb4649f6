import { afterAll, describe, expect, test } from 'vitest'
import { type Tensor, tensor, zeros } from '../../src/core/index.ts'
import type { Dataset } from '../../src/data/index.ts'
import { loaderPool } from '../../src/data/node.ts'
import type { Engine } from '../../src/engine/index.ts'
import { build } from '../../src/models/index.ts'
import { evaluate, fit, type RunStore, type TrainOptions } from '../../src/train/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { engine, failureOf, linearNet, optionsFor, preprocessing, toyNet, toySet, trained } from './toys.ts'

const pool = loaderPool(1)
afterAll(() => pool.close())
const data = { train: toySet(30), val: toySet(9, 2) }
const wasm = (threads = 1) => wasmEngine({ threads })

const bitsOf = (weights: ReadonlyMap<string, Tensor>) =>
  [...weights].map(
    ([name, t]) => [name, Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength).toString('hex')] as const,
  )
/** Names of the weights that differ. */
const changed = (a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>) => {
  const after = new Map(bitsOf(b))
  return bitsOf(a).flatMap(([name, bits]) => (after.get(name) === bits ? [] : [name]))
}

/** One network of each paper. test/models trains all others. */
describe.each(['mobilenet_v1', 'mobilenet_v2', 'mobilenet_v3_small', 'resnet18'])('%s', (name) => {
  test('ten steps reduce the loss', async () => {
    const net = build(name, { width: 0.1, size: 16, reduction: 8, classes: 3 })
    const settings = { engine: wasm(), epochs: 10, batch: 12, learningRate: 0.002, schedule: 'constant' } as const
    const losses = (await trained(net, { train: toySet(12) }, optionsFor(settings))).map((s) => s.loss)
    expect(losses).toHaveLength(10)
    expect(losses[9]).toBeLessThan(0.8 * losses[0])
  })
})

describe('a run is a function of its options, data and seed', () => {
  const settings = (more: Partial<TrainOptions> = {}) =>
    optionsFor({ epochs: 2, engine: wasm(), augmentation: 'light', ema: 0.9, clipNorm: 1, seed: 5, ...more })
  const run = async (more?: Partial<TrainOptions>) => {
    const net = toyNet()
    const steps = await trained(net, data, settings(more))
    return { steps, bits: bitsOf(net.weights) }
  }

  test('1, 2 and 3 threads, and a pool, give the same bits', async () => {
    const alone = await run()
    expect(alone.steps).toHaveLength(10)
    for (const threads of [2, 3]) expect(await run({ engine: wasm(threads) })).toEqual(alone)
    expect(await run({ pool })).toEqual(alone)
  })

  test('another seed gives other bits', async () => {
    expect((await run({ seed: 6 })).bits).not.toEqual((await run()).bits)
  })

  test.each([{ name: 'sgd' }, { name: 'rmsprop' }, { name: 'adamw' }] as const)(
    'both engines agree: %j',
    async (optimizer) => {
      // SGD amplifies rounding errors least. Ten steps only, because differences grow with each step.
      const more = { optimizer, learningRate: optimizer.name === 'sgd' ? 0.01 : 0.001, augmentation: 'none' } as const
      const [fast, slow] = [await run(more), await run({ ...more, engine })]
      for (const [i, step] of fast.steps.entries()) {
        expect(Math.abs(step.loss - slow.steps[i].loss)).toBeLessThan(2e-3 * slow.steps[i].loss)
        expect(step.learningRate).toBe(slow.steps[i].learningRate)
      }
    },
  )
})

test('the report of a step', async () => {
  const steps = await trained(toyNet(), data, optionsFor({ epochs: 2, schedule: 'constant', learningRate: 0.001 }))
  expect(steps.map(({ epoch, step }) => [epoch, step])).toEqual(
    Array.from({ length: 10 }, (_, i) => [i < 5 ? 1 : 2, i + 1]),
  )
  const [first, second] = [steps.slice(0, 5), steps.slice(5)]
  for (const epoch of [first, second]) {
    const mean = (key: 'loss' | 'accuracy') => epoch.reduce((n, s) => n + s[key], 0) / 5
    expect(epoch[0].epochLoss).toBe(epoch[0].loss)
    expect(epoch[4].epochLoss).toBeCloseTo(mean('loss'), 12)
    expect(epoch[4].epochAccuracy).toBeCloseTo(mean('accuracy'), 12)
    expect(epoch.slice(0, 4).every((s) => !s.validation)).toBe(true)
    expect(epoch[4].validation!.count).toBe(9)
  }
  expect(steps.every((s) => s.epochs === 2 && s.steps === 10 && s.learningRate === 0.001)).toBe(true)
})

test('at the end the network has the validated weights, and evaluate gives the same result', async () => {
  for (const ema of [0, 0.5]) {
    const net = toyNet()
    const options = optionsFor({ engine: wasm(), ema, epochs: 3 })
    const steps = await trained(net, data, options)
    expect(await evaluate(net, data.val, { engine: wasm(), preprocessing, batch: 6 })).toEqual(steps.at(-1)!.validation)
  }
})

/** An engine that counts the programs that it compiles and those that are disposed of. */
function counting(inner: Engine) {
  const counted = { compile: 0, dispose: 0 }
  const engine: Engine = {
    ...inner,
    async compile(graph, options) {
      counted.compile++
      const program = await inner.compile(graph, options)
      const dispose = () => {
        counted.dispose++
        program.dispose()
      }
      return { ...program, dispose }
    },
  }
  return { engine, counted }
}

test('a validation set that becomes empty before the first step leaves no program behind', async () => {
  const { engine, counted } = counting(wasm())
  let length = 9
  const val: Dataset = {
    ...data.val,
    get length() {
      return length
    },
  }
  const steps = fit(toyNet(), { train: data.train, val }, optionsFor({ engine }))
  length = 0
  expect(await failureOf(() => steps.next())).toBe('KingletError: evaluate: the set has no images')
  expect(counted.dispose).toBe(counted.compile)
})

test('validation compiles once, and gives the same results as a new program per epoch', async () => {
  const inner = wasm()
  const { engine, counted } = counting(inner)
  const kept: Map<string, Tensor>[] = []
  const store: RunStore = {
    begin: () => undefined,
    step: () => {},
    weights: (_, weights) => void kept.push(new Map(weights)),
    isDue: () => false,
    checkpoint: () => {},
  }
  const net = toyNet()
  const steps = await trained(net, data, optionsFor({ epochs: 4, engine, ema: 0.9, store }))
  // The training step and the inference network.
  expect(counted).toEqual({ compile: 2, dispose: 2 })
  const told = steps.flatMap(({ validation }) => validation ?? [])
  expect(told).toHaveLength(4)
  for (const [i, weights] of kept.entries()) {
    net.weights = weights
    expect(await evaluate(net, data.val, { engine: inner, preprocessing, batch: 6 })).toEqual(told[i])
  }
})

describe('options have their documented effect', () => {
  const w = tensor([3, 2], [0.5, -0.2, 0.1, 0.3, -0.4, 0.2])
  const one = toySet(6)
  /** Runs one step of plain gradient descent on a linear layer; returns the change of each parameter. */
  const step = async (more: Partial<TrainOptions>) => {
    const net = linearNet(zeros([side * side * 3, 3]), tensor([3], [0.5, -0.5, 0]), [side, side, 3])
    const before = net.weights
    const steps = await trained(
      net,
      { train: one },
      optionsFor({
        optimizer: { name: 'sgd', momentum: 0 },
        schedule: 'constant',
        learningRate: 1,
        weightDecay: 0,
        labelSmoothing: 0,
        ...more,
      }),
    )
    const moved = (name: string) =>
      Float32Array.from(net.weights.get(name)!.data, (x, i) => x - before.get(name)!.data[i])
    return { b: moved('classifier.b'), w: moved('classifier.w'), loss: steps[0].loss }
  }
  const side = 16
  const softmax = [0.5, -0.5, 0].map((x, _, all) => Math.exp(x) / all.reduce((n, y) => n + Math.exp(y), 0))

  test('the step follows the gradient of the mean cross-entropy', async () => {
    const { b, loss } = await step({})
    // Each class has a third of the images.
    for (const [i, p] of softmax.entries()) expect(b[i]).toBeCloseTo(1 / 3 - p, 6)
    expect(loss).toBeCloseTo(-softmax.reduce((n, p) => n + Math.log(p) / 3, 0), 6)
    expect(w.shape).toEqual([3, 2])
  })

  test('label smoothing gives a share to all classes', async () => {
    const { w: plain } = await step({})
    const { w: smooth } = await step({ labelSmoothing: 0.3 })
    expect(smooth).not.toEqual(plain)
  })

  test('clipping by the global norm', async () => {
    const norm = ({ b, w }: { b: Float32Array; w: Float32Array }) => Math.hypot(...b, ...w)
    const free = await step({})
    expect(norm(free)).toBeGreaterThan(1)
    const clipped = await step({ clipNorm: 0.5 })
    expect(norm(clipped)).toBeCloseTo(0.5, 5)
    for (let i = 0; i < 3; i++) expect(clipped.b[i] / free.b[i]).toBeCloseTo(0.5 / norm(free), 4)
    expect(norm(await step({ clipNorm: 100 }))).toBeCloseTo(norm(free), 6)
  })

  /** The change of a parameter by weight decay in one step, relative to its value. */
  const decays = async (more: Partial<TrainOptions>) => {
    const run = async (weightDecay: number) => {
      const net = toyNet()
      // Large enough that the effect exceeds rounding.
      net.weights = new Map(
        [...net.weights].map(([name, t]) => [
          name,
          /bn|\.b$/.test(name) ? tensor(t.shape, new Float32Array(t.data.length).fill(0.5)) : t,
        ]),
      )
      const before = net.weights
      const options = optionsFor({ batch: 6, learningRate: 0.1, schedule: 'constant', weightDecay, ...more })
      await trained(net, { train: one }, options)
      return { before, after: net.weights }
    }
    const [without, having] = [await run(0), await run(0.01)]
    const names = [...without.before.keys()].filter((name) => {
      const [a, b, w] = [without.after, having.after, without.before].map((m) => m.get(name)!.data)
      const share = a.findIndex((x, i) => Math.abs((x - b[i]) / w[i] - 0.001) < 2e-4)
      return share >= 0
    })
    return (name: string) => names.includes(name)
  }

  test.each(['sgd', 'adamw'] as const)(
    'weight decay (%s): weights, not biases and batch norm; depthwise filters when asked',
    async (name) => {
      for (const decayDepthwise of [false, true]) {
        const has = await decays({ optimizer: name === 'sgd' ? { name, momentum: 0 } : name, decayDepthwise })
        expect(has('stem.conv.w')).toBe(true)
        expect(has('classifier.w')).toBe(true)
        expect(has('classifier.b')).toBe(false)
        expect(has('stem.bn.gamma')).toBe(false)
        expect(has('blocks.1.depthwise.conv.w')).toBe(decayDepthwise)
      }
    },
  )

  test('the average of the weights', async () => {
    const weights = async (ema: number) => {
      const net = linearNet(zeros([side * side * 3, 3]), zeros([3]), [side, side, 3])
      await trained(
        net,
        { train: one },
        optionsFor({ ema, optimizer: { name: 'sgd', momentum: 0 }, schedule: 'constant' }),
      )
      return net.weights.get('classifier.w')!.data
    }
    // After step 1 the decay is min(decay, 2 / 11), and the first weights are 0.
    const plain = await weights(0)
    for (const [ema, decay] of [
      [0.1, 0.1],
      [0.999, 2 / 11],
    ])
      for (const [i, x] of (await weights(ema)).entries()) expect(x).toBeCloseTo(plain[i] * (1 - decay), 6)
  })
})

describe('freezing', () => {
  test('a layer by name keeps its weights and batch norm statistics', async () => {
    const net = toyNet()
    const before = net.weights
    await trained(net, data, optionsFor({ freeze: ['stem', 'blocks.0'], ema: 0.9 }))
    const moved = changed(before, net.weights)
    const isFrozen = (name: string) => /^(stem|blocks\.0)\./.test(name)
    expect(moved).toEqual([...before.keys()].filter((name) => !isFrozen(name)))
  })

  test('parameters by a function: only the classifier learns', async () => {
    const net = toyNet()
    const before = net.weights
    await trained(net, data, optionsFor({ freeze: (name) => !name.startsWith('classifier') }))
    expect(changed(before, net.weights)).toEqual(['classifier.w', 'classifier.b'])
  })

  test('an unknown layer, and all layers frozen', async () => {
    const net = toyNet()
    const refused = (freeze: TrainOptions['freeze']) => failureOf(() => fit(net, data, optionsFor({ freeze: freeze! })))
    expect(await refused(['blocks.1', 'block.0'])).toBe(
      'KingletError: freeze: the network has no layer block.0 (did you mean blocks.0?): kinglet summary lists its layers',
    )
    expect(await refused(() => true)).toBe('KingletError: train: all layers are frozen: leave one out of freeze')
  })
})

describe('endings', () => {
  test('leaving the loop gives the network the weights so far', async () => {
    const [net, other] = [toyNet(), toyNet()]
    for await (const { step } of fit(net, data, optionsFor({ epochs: 3 }))) if (step === 5) break
    const control = optionsFor({ epochs: 3 })
    const steps = fit(other, data, control)
    for (let i = 0; i < 5; i++) await steps.next()
    await steps.return()
    expect(changed(net.weights, other.weights)).toEqual([])
    expect(changed(toyNet().weights, net.weights).length).toBeGreaterThan(20)
  })

  test('a signal ends the loop after the step with its reason; the network has the weights so far', async () => {
    const stop = new AbortController()
    const net = toyNet()
    const seen: number[] = []
    const run = async () => {
      for await (const { step } of fit(net, data, optionsFor({ signal: stop.signal }))) {
        seen.push(step)
        if (step === 2) stop.abort(new Error('enough'))
      }
    }
    expect(await failureOf(run)).toBe('Error: enough')
    expect(seen).toEqual([1, 2])
    expect(changed(toyNet().weights, net.weights).length).toBeGreaterThan(20)
    const early = AbortSignal.abort(new Error('before'))
    expect(await failureOf(() => trained(toyNet(), data, optionsFor({ signal: early })))).toBe('Error: before')
  })

  test('timers run during training', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    await trained(toyNet(), data, optionsFor({ epochs: 3 }))
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
  })

  test.each([1, 2])('a loss that is not finite throws with step, rate and advice (%d threads)', async (threads) => {
    const net = toyNet()
    const before = net.weights
    const options = { optimizer: 'sgd', schedule: 'constant', learningRate: 1e20 } as const
    const message = await failureOf(() => trained(net, data, optionsFor({ ...options, engine: wasm(threads) })))
    expect(message).toMatch(
      /^DivergedError: train: the loss is (NaN|-?Infinity) at step [23], learning rate 100000000000000000000: use a lower learningRate, or clipNorm: 1$/,
    )
    expect(net.weights).toBe(before)
  })

  test('weights that the last step made non-finite are not saved', async () => {
    const net = toyNet()
    const before = net.weights
    const options = optionsFor({ batch: 30, optimizer: 'sgd', schedule: 'constant', learningRate: 1e39 })
    expect(await failureOf(() => trained(net, { train: data.train }, options))).toMatch(
      /^KingletError: train: \S+ holds (NaN|-?Infinity) at element \d+ after step 1, learning rate 1e\+39: use a lower learningRate, or clipNorm: 1$/,
    )
    expect(net.weights).toBe(before)
  })
})

describe('invalid runs give an error before the first step', () => {
  const net = toyNet()
  const cases: readonly [string, Record<string, unknown>, string][] = [
    ['no epochs', { epochs: 0 }, 'UsageError: train: epochs is 0: it must be a positive integer'],
    ['no images in a step', { batch: 0 }, 'UsageError: train: batch is 0: it must be a positive integer'],
    ['half an image', { batch: 1.5 }, 'UsageError: train: batch is 1.5: it must be a positive integer'],
    ['a negative rate', { learningRate: -1 }, 'UsageError: train: learningRate is -1: it must be a number above 0'],
    [
      'a rate that is none',
      { learningRate: Number.NaN },
      'UsageError: train: learningRate is NaN: it must be a number above 0',
    ],
    ['a negative decay', { weightDecay: -1 }, 'UsageError: train: weightDecay is -1: it must be a number, 0 or more'],
    [
      'all of the target',
      { labelSmoothing: 1 },
      'UsageError: train: labelSmoothing is 1: it must be a number of at least 0 and below 1',
    ],
    ['a negative norm', { clipNorm: -1 }, 'UsageError: train: clipNorm is -1: it must be a number, 0 or more'],
    [
      'an average that never moves',
      { ema: 1 },
      'UsageError: train: ema is 1: it must be a number of at least 0 and below 1',
    ],
    ['a seed that is none', { seed: -1 }, 'UsageError: train: seed is -1: it must be a whole number, 0 or more'],
    ['no engine', { engine: 'wasm' }, 'UsageError: train: engine is wasm: it must be an engine'],
    ['nothing for epochs', { epochs: undefined }, 'UsageError: train: epochs is missing: it must be given'],
    [
      'an optimizer',
      { optimizer: 'adm' },
      'UsageError: there is no optimizer adm (did you mean adamw?): use sgd, rmsprop or adamw',
    ],
    [
      'a schedule',
      { schedule: 'steps' },
      'UsageError: there is no schedule steps (did you mean step?): use constant, cosine, exponential or step',
    ],
    [
      'an augmentation',
      { augmentation: 'heavy' },
      'KingletError: there is no augmentation heavy: use none, light, standard or strong',
    ],
    [
      'a batch larger than the set',
      { batch: 31 },
      'KingletError: train: a batch of 31 is larger than the set of 30 images: use a batch of at most 30',
    ],
    [
      'a warm-up longer than the run',
      { schedule: { name: 'cosine', warmup: 1 } },
      'UsageError: schedule cosine: the warm-up takes 5 steps, the run has 5: make it shorter than 1 epochs',
    ],
  ]
  test.each(cases)('%s', async (_, options, message) => {
    expect(await failureOf(() => fit(net, data, optionsFor(options)))).toBe(message)
  })

  test('an unknown option', async () => {
    const options = { ...optionsFor(), learningrate: 0.1 }
    expect(await failureOf(() => fit(net, data, options))).toMatch(
      /^UsageError: train: no option learningrate \(did you mean learningRate\?\): use engine, epochs, /,
    )
  })

  test('wrong classes or sizes, empty sets, weights that are not finite', async () => {
    const refused = (n: typeof net, d = data) => failureOf(() => fit(n, d, optionsFor()))
    expect(await refused(toyNet({ classes: 4 }))).toBe(
      'KingletError: train: the network has 4 classes, the data has 3: build it with classes: 3',
    )
    expect(await refused(toyNet({ size: 24 }))).toBe(
      'KingletError: train: the network takes 24x24x3, the preprocessing makes 16x16x3: build it with that size',
    )
    expect(await refused(net, { ...data, val: toySet(0) })).toBe('KingletError: validation: the set has no images')
    const broken = toyNet()
    broken.weights.set('classifier.b', tensor([3], [0, Number.NaN, 0]))
    expect(await refused(broken)).toBe(
      'DivergedError: train: classifier.b holds NaN at element 1: start from finite weights',
    )
  })
})
