/** Networks of hand-made graphs: their members, what is refused, and changing the classes. */
import { describe, expect, test } from 'vitest'
import { KingletError, tensor } from '../../src/core/index.ts'
import type { Graph } from '../../src/graph/index.ts'
import { build } from '../../src/models/index.ts'
import { classifierOf, networkFrom, withClasses } from '../../src/nn/index.ts'
import {
  add,
  concat,
  conv2d,
  flatten,
  globalAvgPool,
  input,
  linear,
  matmul,
  mul,
  parameter,
  type Role,
  reduceSum,
  relu,
  reshape,
  type Value,
} from '../../src/ops/index.ts'
import { branched, segmenting } from './make.ts'

const init = { kind: 'constant', value: 0 } as const
const w = (name: string, shape: readonly number[], role: Role = 'weight') => parameter({ name, shape, role, init })
const x = input('x', [1, 4, 4, 3])
const graphOf = (logits: Value, outputs: Graph['outputs'] = {}): Graph => ({
  outputs: { logits, ...outputs },
  updates: [],
})

test('the members of a network come from its graph', () => {
  const net = branched({ classes: 5, size: 12 })
  expect(net.inputShape).toEqual([12, 12, 3])
  expect(net.classes).toBe(5)
  expect(net.architecture).toBeUndefined()
  expect(net.meta).toEqual({})
  expect(net.weights.get('head.w')!.shape).toEqual([10, 5])
  expect(net.weights).toBe(net.weights)
  expect(branched({ seed: 1 }).weights.get('head.w')!.data).not.toEqual(
    branched({ seed: 2 }).weights.get('head.w')!.data,
  )
})

test('outputs besides the logits keep their names', () => {
  const features = flatten(globalAvgPool(x))
  const net = networkFrom(graphOf(linear(features, w('w', [3, 2])), { features }))
  expect(Object.keys(net.graph(2).outputs)).toEqual(['logits', 'features'])
  expect(net.forward(input('x', [6, 4, 4, 3]), { training: true }).outputs.features.shape).toEqual([6, 3])
})

test('a network with any outputs is one without classes', () => {
  const net = segmenting()
  expect(net.classes).toBeUndefined()
  expect(Object.entries(net.graph(3).outputs).map(([name, v]) => [name, v.shape])).toEqual([
    ['mask', [3, 8, 8, 2]],
    ['edge', [3, 8, 8, 1]],
  ])
  const form = net.forward(input('x', [2, 16, 16, 3]), { training: true })
  expect(form.logits).toBeUndefined()
  expect(form.updates.map(({ target }) => target.attrs.name)).toEqual(['stem.bn.mean', 'stem.bn.variance'])
  expect(classifierOf(net)).toEqual([])
  // Logits of each pixel are no classes of the image.
  expect(networkFrom(graphOf(conv2d({ x, w: w('w', [1, 1, 3, 4]) }))).classes).toBeUndefined()
})

const logits = linear(flatten(x), w('w', [48, 2]))
const given = new Map([['w', tensor([48, 2], new Float32Array(96))]])
const refused: readonly (readonly [what: string, body: () => unknown, message: string])[] = [
  [
    'updates',
    () => networkFrom({ outputs: { logits }, updates: [{ target: w('w', [1]), value: w('v', [1]) }] }),
    'network: the graph has updates: give it without its training step',
  ],
  [
    'classes for a network without them',
    () => withClasses(segmenting(), 4),
    'withClasses: the network does not classify: its outputs are mask [1, 8, 8, 2] f32, edge [1, 8, 8, 1] f32: it must ' +
      'have the output logits [1, classes] f32; an engine runs any network: compile its graph()',
  ],
  [
    'two inputs',
    () => networkFrom(graphOf(add(logits, input('bias', [1, 2])))),
    'network: its inputs are x [1, 4, 4, 3] f32, bias [1, 2] f32: it must have one, x [1, height, width, channels] f32',
  ],
  [
    'an input of another name',
    () => networkFrom(graphOf(linear(input('image', [1, 48]), w('w', [48, 2])))),
    'network: its inputs are image [1, 48] f32: it must have one, x [1, height, width, channels] f32',
  ],
  [
    'a batch in a shape',
    () => networkFrom(graphOf(linear(reshape({ x }, { shape: [1, 48] }), w('w', [48, 2])))),
    'network: the graph does not work for a batch of 2: reshape: x has shape [2, 4, 4, 3], 96 values: [1, 48] holds 48 values, ' +
      'the numbers must be equal: in shapes write 0 (reshape) or -1 for the batch',
  ],
  [
    'a sum over the batch',
    () => networkFrom(graphOf(reduceSum({ x: logits }, { axes: [0] }))),
    'network: output logits has shape [1, 2] for a batch of 2: the batch must be the first dimension of every input and ' +
      'output',
  ],
  [
    'a weight that is missing',
    () => networkFrom(graphOf(logits), { weights: new Map() }),
    'network: tensor w [48, 2] of its graph is missing: the file is not whole',
  ],
  [
    'a weight of another shape',
    () => networkFrom(graphOf(logits), { weights: new Map([['w', tensor([2], [1, 2])]]), what: 'a.safetensors' }),
    'a.safetensors: tensor w is [2] f32, its graph has [48, 2] f32: the two do not belong together',
  ],
  [
    'a weight too many',
    () => networkFrom(graphOf(logits), { weights: new Map([...given, ['v', tensor([1], [1])]]) }),
    'network: tensor v is not one of its graph: the two do not belong together',
  ],
]
test.each(refused)('%s: refused', (_, body, message) => {
  expect(body).toThrow(new KingletError(message))
})

describe('other classes', () => {
  const three = (logits: Value) => {
    const net = networkFrom(graphOf(logits))
    const other = withClasses(net, 7)
    return { names: classifierOf(net), classes: other.classes, shapes: [...other.weights].map(([, t]) => t.shape) }
  }

  test('the last linear layer, with its bias', () => {
    const other = withClasses(branched(), 8, { seed: 3 })
    expect(classifierOf(branched())).toEqual(['head.w', 'head.b'])
    expect(other.weights.get('head.w')!.shape).toEqual([10, 8])
    expect(other.weights.get('head.b')!.shape).toEqual([8])
    expect([...other.weights.keys()]).toEqual([...branched().weights.keys()])
    expect(other.graph(4).outputs.logits.shape).toEqual([4, 8])
    // All other parameters are drawn as before.
    expect(other.weights.get('wide.conv.w')).toEqual(branched({ seed: 3 }).weights.get('wide.conv.w'))
  })

  test('class names and provenance are dropped, preprocessing is kept', () => {
    const net = branched()
    const preprocessing = { size: [16, 16] } as never
    net.meta = { classes: ['a', 'b', 'c'], preprocessing, provenance: { epochs: 3 } }
    expect(withClasses(net, 2).meta).toEqual({ preprocessing })
  })

  test('a transposed product, scaled and shifted', () => {
    const y = matmul({ a: flatten(x), b: w('t', [3, 48]) }, { transB: true })
    expect(three(relu(add(mul(y, w('scale', [3])), w('shift', [1, 3]))))).toEqual({
      names: ['t', 'scale', 'shift'],
      classes: 7,
      shapes: [[7, 48], [7], [1, 7]],
    })
  })

  test('a convolution, pooled', () => {
    expect(three(flatten(globalAvgPool(conv2d({ x, w: w('c', [1, 1, 3, 3]) }))))).toEqual({
      names: ['c'],
      classes: 7,
      shapes: [[1, 1, 3, 7]],
    })
  })

  test('a square layer grows along the axis of its results', () => {
    const y = linear(linear(flatten(x), w('in', [48, 3])), w('square', [3, 3]))
    expect(three(y)).toEqual({
      names: ['square'],
      classes: 7,
      shapes: [
        [48, 3],
        [3, 7],
      ],
    })
  })

  test('a network of the registry', () => {
    const net = build('mobilenet_v3_small', { width: 0.35, size: 32, classes: 10, seed: 5 })
    const wanted = build('mobilenet_v3_small', { width: 0.35, size: 32, classes: 4, seed: 5 })
    expect(withClasses(net, 4, { seed: 5 }).weights).toEqual(wanted.weights)
    expect(classifierOf(net)).toEqual(['classifier.w', 'classifier.b'])
  })

  const cannot: readonly (readonly [string, Value, string])[] = [
    ['logits without weights', flatten(globalAvgPool(x)), 'it would still have 3'],
    [
      'two layers side by side',
      concat([linear(flatten(x), w('a', [48, 2])), linear(flatten(x), w('b', [48, 1]))], { axis: 1 }),
      'it would still have 3',
    ],
  ]
  test.each(cannot)('%s: refused', (_, logits, why) => {
    const net = networkFrom(graphOf(logits))
    expect(() => withClasses(net, 7)).toThrow(
      new KingletError(
        `withClasses: the network cannot have 7 classes: ${why}: its logits must come from a layer with ` +
          'weights for each class',
      ),
    )
  })

  test('weights that another layer shares: refused', () => {
    const shared = w('w', [3, 3])
    const y = linear(linear(flatten(globalAvgPool(x)), shared), shared)
    expect(() => withClasses(networkFrom(graphOf(y)), 7)).toThrow(
      'withClasses: the network cannot have 7 classes: matmul: ',
    )
  })

  test('an invalid number of classes: refused', () => {
    expect(() => withClasses(branched(), 0)).toThrow('withClasses: classes is 0: it must be a positive integer')
  })
})
