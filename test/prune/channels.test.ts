/** Channels of hand-made graphs: what is removed with a channel, and what cannot be removed. */
import { expect, test } from 'vitest'
import type { Shape } from '../../src/core/index.ts'
import type { Graph } from '../../src/graph/index.ts'
import {
  add,
  avgPool,
  batchNorm,
  bias,
  concat,
  conv2d,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  input,
  matmul,
  mul,
  parameter,
  relu,
  reshape,
  resizeBilinear,
  sigmoid,
  sliceLast,
  softmax,
  type Value,
} from '../../src/ops/index.ts'
import { channelGroupsOf, type Slice } from '../../src/prune/index.ts'

const weight = (name: string, ...shape: Shape): Value =>
  parameter({ name, shape, role: 'weight', init: { kind: 'normal', std: 0.1 } })
const conv = (x: Value, name: string, out: number, kernel = 1): Value =>
  conv2d({ x, w: weight(name, kernel, kernel, x.shape[3], out) }, { pad: [0, 0, 0, 0] })
const image = () => input('x', [1, 8, 8, 3])
const linear = (x: Value, name: string, out: number): Value => matmul({ a: x, b: weight(name, x.shape[1], out) })
const graph = (logits: Value): Graph => ({ outputs: { logits }, updates: [] })

const sliceText = ({ tensor, axis, from = 0, period, times }: Slice): string =>
  `${tensor}#${axis}${from ? `+${from}` : ''}${times ? ` ${times} x ${period}` : ''}`
const shown = (logits: Value) =>
  channelGroupsOf(graph(logits)).map(
    ({ name, count, slices, filters }) =>
      `${name} ${count}: ${slices.map(sliceText).join(', ')}; by ${filters.map(({ tensor }) => tensor).join(', ')}`,
  )

test('the reader of concatenated channels has each group at its offset', () => {
  const x = conv(image(), 'stem', 8)
  const y = concat([relu(conv(x, 'left', 4)), avgPool({ x }), conv(x, 'right', 6)], { axis: 3 })
  expect(shown(linear(flatten(globalAvgPool(conv(y, 'both', 5))), 'classes', 2))).toEqual([
    'stem 8: stem#3, left#2, right#2, both#2+4; by stem',
    'left 4: left#3, both#2; by left',
    'right 6: right#3, both#2+12; by right',
    'both 5: both#3, classes#0; by both',
  ])
})

test('channels of flattened pixels repeat along one axis', () => {
  const x = concat([conv(image(), 'left', 4), conv(image(), 'right', 6)], { axis: 3 })
  expect(shown(linear(flatten(x), 'classes', 2))).toEqual([
    'left 4: left#3, classes#0 64 x 10; by left',
    'right 6: right#3, classes#0+4 64 x 10; by right',
  ])
})

test('batch norm, bias, depthwise convolutions, pools and resizes carry channels on', () => {
  const per = (name: string) => weight(name, 5)
  const x = bias(conv(image(), 'stem', 5), per('bias'))
  const normed = batchNorm({ x, gamma: per('gamma'), beta: per('beta'), mean: per('mean'), variance: per('variance') })
  const deep = depthwiseConv2d({ x: relu(normed), w: weight('deep', 3, 3, 5) })
  const y = resizeBilinear({ x: avgPool({ x: deep }, { kernel: [2, 2] }) }, { size: [9, 9] })
  expect(shown(conv(y, 'last', 2))).toEqual([
    'stem 5: stem#3, bias#0, gamma#0, beta#0, mean#0, variance#0, deep#2, last#2; by stem',
  ])
})

test('an addition joins the channels of its inputs', () => {
  const x = conv(image(), 'stem', 5)
  const y = add(conv(relu(x), 'residual', 5), x)
  expect(shown(conv(add(y, conv(image(), 'other', 5)), 'last', 2))).toEqual([
    'stem 5: stem#3, residual#2, residual#3, other#3, last#2; by stem, residual, other',
  ])
})

test('weights of a gate are no filters; two factors computed from one value both make the channels', () => {
  const x = conv(image(), 'stem', 5)
  const squeezed = relu(linear(flatten(globalAvgPool(x)), 'reduce', 3))
  const gate = reshape({ x: sigmoid(linear(squeezed, 'expand', 5)) }, { shape: [0, 1, 1, -1] })
  expect(shown(conv(mul(x, gate), 'last', 2))).toEqual([
    'stem 5: stem#3, reduce#0, expand#1, last#2; by stem',
    'reduce 3: reduce#1, expand#0; by reduce',
  ])
  const spatial = mul(x, sigmoid(conv(x, 'attention', 5)))
  expect(shown(conv(spatial, 'last', 2))).toEqual(['stem 5: stem#3, attention#2, attention#3, last#2; by stem'])
  const gated = mul(conv(image(), 'a', 5), sigmoid(conv(image(), 'b', 5)))
  expect(shown(conv(gated, 'last', 2))).toEqual(['a 5: a#3, b#3, last#2; by a, b'])
})

test('channels of weights that two layers share are removed for both', () => {
  const [left, right, shared] = [conv(image(), 'left', 4), conv(image(), 'right', 4), weight('shared', 1, 1, 4, 6)]
  const y = concat([conv2d({ x: left, w: shared }), conv2d({ x: right, w: shared })], { axis: 3 })
  expect(shown(conv(y, 'last', 2))).toEqual([
    'left 4: left#3, right#3, shared#2; by left, right',
    'shared 6: shared#3, last#2, last#2+6; by shared',
  ])
})

test('channels that cannot be cut are not included', () => {
  const x = () => conv(image(), 'stem', 6)
  const last = (y: Value) => shown(conv(y, 'last', 2))
  // Outputs, the image, and a value added to the image.
  expect(shown(x())).toEqual([])
  expect(last(conv2d({ x: add(conv(image(), 'stem', 3), image()), w: weight('w', 1, 1, 3, 4) }))).toEqual([
    'w 4: w#3, last#2; by w',
  ])
  // Groups, slices, shapes with numbers in them, and a sum over channels.
  expect(last(conv2d({ x: x(), w: weight('grouped', 1, 1, 3, 6) }, { groups: 2 }))).toEqual([])
  expect(last(sliceLast({ x: x() }, { from: 0, count: 3 }))).toEqual([])
  expect(last(reshape({ x: x() }, { shape: [1, 8, 8, 6] }))).toEqual([])
  expect(shown(linear(softmax({ x: flatten(globalAvgPool(x())) }), 'last', 2))).toEqual([])
  // Four channels and two, added to six of one layer: the two divide the axis differently.
  expect(last(add(x(), concat([conv(image(), 'a', 4), conv(image(), 'b', 2)], { axis: 3 })))).toEqual([])
  // Weights of which another op needs all channels.
  const used = weight('stem', 1, 1, 3, 6)
  const logits = conv(conv2d({ x: image(), w: used }), 'last', 2)
  const other = add(softmax({ x: reshape({ x: used }, { shape: [-1, 6] }) }), linear(flatten(image()), 'all', 6))
  expect(channelGroupsOf({ outputs: { logits, other }, updates: [] })).toEqual([])
  // A part of an added value has unknown channels.
  const half = sliceLast({ x: conv(image(), 'whole', 8) }, { from: 0, count: 3 })
  expect(last(add(x(), concat([half, conv(image(), 'b', 3)], { axis: 3 })))).toEqual([])
})
