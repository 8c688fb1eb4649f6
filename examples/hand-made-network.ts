/**
 * A network that no table has, put together from ops: a wide and a narrow branch side by side, a window for each channel, a
 * linear layer. It is saved, loaded, judged, trained further for other classes, measured, and shrunk by NetAdapt, as one of
 * the registry. The graph is written into the model file; a page loads it too.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { arrays, evaluate, load, save, train } from 'kinglet'
import { preprocessingPreset } from 'kinglet/data'
import { analyse, networkFrom, withClasses } from 'kinglet/graph'
import {
  batchNorm,
  concat,
  conv2d,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  type Init,
  input,
  linear,
  parameter,
  type Role,
  relu,
  scope,
  trainingDropout,
  type Value,
} from 'kinglet/ops'
import { adapt, engineTimer, layerOf, measureUnits, planOf, resourceOf, unitsOf } from 'kinglet/search'
import { transfer } from 'kinglet/train'
import { wasmEngine } from 'kinglet/wasm'

// Parameters have names, and say how their first values are drawn and what they are for.
const normal: Init = { kind: 'normal', std: 0.2 }
const constant = (value: number): Init => ({ kind: 'constant', value })
const weight = (name: string, shape: readonly number[], role: Role = 'weight', init: Init = normal): Value =>
  parameter({ name, shape, role, init })

/** Batch norm and ReLU. Parameters of role `state` are running statistics: training updates them. */
function normed(layer: string, x: Value): Value {
  const channels = [x.shape[3]]
  const gamma = weight(`${layer}.gamma`, channels, 'norm', constant(1))
  const beta = weight(`${layer}.beta`, channels, 'norm', constant(0))
  const mean = weight(`${layer}.mean`, channels, 'state', constant(0))
  const variance = weight(`${layer}.variance`, channels, 'state', constant(1))
  return relu(batchNorm({ x, gamma, beta, mean, variance }, { momentum: 0.2 }))
}

// One image. The graph holds for any batch: no op has the batch's size in an attribute.
const x = input('x', [1, 16, 16, 3])
const wide = scope('wide', () => {
  const w = weight('wide.w', [5, 5, 3, 12])
  return normed('wide', conv2d({ x, w }, { stride: 2, pad: [2, 2, 2, 2] }))
})
const narrow = scope('narrow', () => {
  const w = weight('narrow.w', [1, 1, 3, 8])
  return normed('narrow', conv2d({ x, w }, { stride: 2 }))
})
const joined = scope('join', () => concat([wide, narrow], { axis: 3 }))
const deep = scope('deep', () => {
  const w = weight('deep.w', [3, 3, 20], 'depthwise')
  return normed('deep', depthwiseConv2d({ x: joined, w }, { pad: [1, 1, 1, 1] }))
})
const logits = scope('head', () => {
  const kept = trainingDropout({ x: flatten(globalAvgPool(deep)) }, { rate: 0.1 })
  return linear(kept, weight('head.w', [20, 3]), weight('head.b', [3], 'bias', constant(0)))
})
const net = networkFrom({ outputs: { logits }, updates: [] }, { seed: 1 })
analyse(net.graph()).layers.map(({ name }) => name) // => ['wide', 'narrow', 'join', 'deep', 'head']

// Stripes, in three directions.
const directions = [(i: number) => i % 16, (i: number) => i >> 4, (i: number) => (i % 16) + (i >> 4)]
const stripes = (kinds: number) =>
  arrays({
    ...{ width: 16, height: 16, channels: 1, classes: ['down', 'across', 'slanting'].slice(0, kinds) },
    pixels: Uint8Array.from({ length: 8 * kinds * 256 }, (_, i) => {
      const image = i >> 8
      return ((directions[image % kinds](i & 255) + (image >> 2)) % 4 < 2 ? 60 : 180) + ((i * 7919) % 40)
    }),
    labels: Array.from({ length: 8 * kinds }, (_, image) => image % kinds),
  })
const options = { threads: 1, deterministic: 'everywhere', seed: 1 } as const
const losses: number[] = []
for await (const { loss } of train(net, stripes(3), { epochs: 25, batch: 12, ...options })) losses.push(loss)
losses[losses.length - 1] < 0.8 * losses[0] // => true

// Saved and loaded. What was learnt on (classes, preprocessing) is in the file.
const file = join(mkdtempSync(join(tmpdir(), 'kinglet-')), 'stripes.safetensors')
await save(net, file)
using model = await load(file, { threads: 1, deterministic: 'everywhere' })
model.classes // => ['down', 'across', 'slanting']
model.network.architecture === undefined // => true
const [before, after] = [
  await evaluate(net, stripes(3), { threads: 1 }),
  await evaluate(model, stripes(3), { threads: 1 }),
]
before.top1 === after.top1 // => true

// The same graph for two classes: all but the last layer's weights are taken over.
const two = withClasses(model.network, 2)
transfer(two, model.network.weights).anew // => ['head.w', 'head.b']
for await (const _ of train(two, stripes(2), { epochs: 2, batch: 8, ...options }));
two.graph(4).outputs.logits.shape // => [4, 2]

// How long each of its layers takes here.
const engine = wasmEngine({ threads: 1 })
const plan = planOf(unitsOf(net))
const timed = new Map<string, number>()
for await (const { measured } of measureUnits(engineTimer(engine), plan, { rounds: 2, runs: 1 }))
  for (const { unit, ms } of measured) timed.set(layerOf(unit), ms.median)
console.log(timed)
timed.has('depthwise 8x8 3x3 relu') // => true

// Shrunk, channel by channel, to three quarters of its multiply-adds.
const macs = { name: 'macs', value: (of: typeof net) => resourceOf(of, 'macs'), monotone: true }
const budget = 0.75 * macs.value(net)
let smaller = net
for await (const event of adapt(net, stripes(3), {
  ...{ engine, preprocessing: preprocessingPreset('whole', 16), resource: macs, budget },
  ...{ steps: 4, holdout: 0.25, pace: { name: 'fixed', delta: 0.1 } },
}))
  if (event.kind === 'step') smaller = event.model
macs.value(smaller) <= budget // => true
smaller.weights.get('wide.w')!.shape[3] < 12 // => true
