/** Measuring networks without rows: their units, and how they are sent to a page. */
import { expect, test } from 'vitest'
import { tensor } from '../../src/core/index.ts'
import { fromPage, toPage } from '../../src/door/page-network.ts'
import { countsOf } from '../../src/graph/index.ts'
import { unitKey, unitsOf } from '../../src/latency/index.ts'
import { build } from '../../src/models/index.ts'
import { networkFrom } from '../../src/nn/index.ts'
import { constant, flatten, input, linear, mul, parameter } from '../../src/ops/index.ts'
import { branched } from '../nn/make.ts'

const keysOf = (network: Parameters<typeof unitsOf>[0]) => unitsOf(network).map(unitKey)
const told = (network: Parameters<typeof toPage>[0]) => fromPage(JSON.parse(JSON.stringify(toPage(network))))

test('a page measures the same layers, of either kind of network', () => {
  for (const net of [branched(), build('mobilenet_v3_small', { width: 0.35, size: 32, classes: 4 })]) {
    expect(keysOf(told(net))).toEqual(keysOf(net))
    expect(countsOf(told(net).graph())).toEqual(countsOf(net.graph()))
  }
  expect(keysOf(branched()).length).toBeGreaterThan(6)
})

test('constants that the JSON does not hold are zeros in the page', () => {
  const mean = constant(tensor([192], new Float32Array(192).fill(3)))
  const w = parameter({ name: 'w', shape: [192, 2], role: 'weight', init: { kind: 'normal', std: 1 } })
  const logits = linear(mul(flatten(input('x', [1, 8, 8, 3])), mean), w)
  const net = networkFrom({ outputs: { logits }, updates: [] })
  expect(keysOf(told(net))).toEqual(keysOf(net))
})
