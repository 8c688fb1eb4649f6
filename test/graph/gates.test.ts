/** Gates: products in which one factor is computed from the other. */
import { expect, test } from 'vitest'
import { gateOf, topological } from '../../src/graph/index.ts'
import { layerUnitsOf } from '../../src/latency/index.ts'
import { add, conv2d, globalAvgPool, input, mul, parameter, relu, sigmoid, type Value } from '../../src/ops/index.ts'
import { channelGroupsOf } from '../../src/prune/index.ts'

const conv = (x: Value, name: string, out: number): Value =>
  conv2d({
    x,
    w: parameter({ name, shape: [1, 1, x.shape[3], out], role: 'weight', init: { kind: 'normal', std: 0.1 } }),
  })
const image = () => input('x', [1, 4, 4, 3])
const gateIn = (y: Value) => gateOf(y, new Set(topological([y])))

test('a factor that is computed from the other one is a gate, in either order', () => {
  const x = conv(image(), 'stem', 5)
  const mean = globalAvgPool(x)
  const factor = sigmoid(mean)
  for (const y of [mul(x, factor), mul(factor, x)]) {
    const { gated, factor: found, between } = gateIn(y)!
    expect([gated === x, found === factor]).toEqual([true, true])
    expect([...between][0]).toBe(factor)
    expect([mean, x].map((v) => between.has(v))).toEqual([true, false])
  }
})

test('other products and sums are no gates', () => {
  const [x, z] = [relu(image()), relu(image())]
  const data = new Set([x, z])
  const scale = parameter({ name: 's', shape: [3], role: 'norm', init: { kind: 'constant', value: 1 } })
  for (const y of [mul(x, x), mul(x, z), mul(x, scale), add(x, relu(x)), x]) expect(gateOf(y, data)).toBeUndefined()
})

test('a gate over 200 residual blocks takes no longer than its nodes', () => {
  const x = conv(image(), 'stem', 4)
  let y = conv(x, 'first', 4)
  for (let i = 0; i < 200; i++) y = add(y, conv(y, `blocks.${i}`, 4))
  const gated = mul(x, sigmoid(globalAvgPool(y)))
  const gate = gateIn(gated)!
  expect(gate.gated).toBe(x)
  const logits = conv(gated, 'last', 2)
  const graph = { outputs: { logits }, updates: [] }
  // The stem, the first layer, one for each block, and the last one: none of them has a gate of its own mean.
  const units = layerUnitsOf(graph)
  expect(units.filter(({ kind }) => kind === 'conv')).toHaveLength(203)
  expect(units.filter((unit) => unit.gated || unit.kind === 'gate')).toEqual([])
  // The blocks follow the channels that they scale.
  const [group, ...others] = channelGroupsOf(graph)
  expect(others).toEqual([])
  expect(group.filters.map(({ tensor }) => tensor)).toEqual(['stem'])
  expect(group.slices).toHaveLength(404)
})
