/**
 * NetAdapt with your own rules: it proposes only wide layers, and the candidate wins that adds the least loss for each
 * parameter saved. (Loss rather than errors: with few held-out images, many candidates have equally many errors.)
 * Everything else is Kinglet's NetAdapt.
 */
import { arrays, preprocessingPreset } from 'kinglet/data'
import { build, type Model } from 'kinglet/models'
import { adapt, type ProposalRule, resourceOf, type SelectionRule } from 'kinglet/search'
import { wasmEngine } from 'kinglet/wasm'

/** Narrow layers have little to save. */
const wide: ProposalRule = (groups) => groups.filter((group) => group.count > 100)

const leastLoss: SelectionRule = (candidates, before) => {
  const cost = (c: (typeof candidates)[number]) => (c.loss - before.loss) / (before.resource - c.resource)
  return candidates.reduce((a, b) => (cost(b) < cost(a) ? b : a))
}

// Dark and light images, and a network that could have been trained on them.
const pixels = new Uint8Array(16 * 64).map((_, i) => (i < 8 * 64 ? i % 100 : 255 - (i % 100)))
const labels = Array.from({ length: 16 }, (_, i) => Math.floor(i / 8))
const train = arrays({ width: 8, height: 8, channels: 1, pixels, labels, classes: ['dark', 'light'] })
const net = build('mobilenet_v1_shallow', { width: 0.25, size: 8, reduction: 4, classes: 2 })

const parameters = {
  name: 'parameters',
  value: (model: Model) => resourceOf(model, 'parameters'),
  monotone: true,
}
const budget = 0.8 * parameters.value(net)
const shrunk = new Set<string>()
let result = net
for await (const event of adapt(net, train, {
  engine: wasmEngine({ threads: 1 }),
  preprocessing: preprocessingPreset('whole', 8),
  resource: parameters,
  budget,
  proposals: wide,
  selection: leastLoss,
  pace: (start, step) => (0.2 * start) / step,
  steps: 2,
  holdout: 0.25,
})) {
  if (event.kind !== 'step') continue
  console.log(event.point)
  shrunk.add(event.point.shrunk!.group)
  result = event.model
}
parameters.value(result) <= budget // => true
// The network's two widest layers, with 256 channels, are the only ones above 100.
Array.from(shrunk).every((group) => ['blocks.6.out', 'blocks.7.out'].includes(group)) // => true
