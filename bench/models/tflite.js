/**
 * Writes a TFLite model (schema version 3): NHWC, filters OHWI, padding "same", ReLU as part of the op before it. The
 * numbers of ops, options and slots are those of TensorFlow Lite's schema.fbs.
 */
import { Builder } from 'flatbuffers'
import { transpose } from './transpose.js'

const types = { float: 0, int: 2 }
const activations = { relu: 1, relu6: 3 }

/** Ops: the number of the op, the number of its options' table in the union, and the options as [slot, kind, value]. */
const ops = {
  conv2d: {
    code: 3,
    options: 1,
    of: ({ stride, act }) => [
      [1, 'int', stride],
      [2, 'int', stride],
      [3, 'byte', activations[act] ?? 0],
    ],
  },
  depthwise_conv2d: {
    code: 4,
    options: 2,
    of: ({ stride, act }) => [
      [1, 'int', stride],
      [2, 'int', stride],
      [3, 'int', 1],
      [4, 'byte', activations[act] ?? 0],
    ],
  },
  dense: { code: 9, options: 8, of: ({ act }) => [[0, 'byte', activations[act] ?? 0]] },
  add: { code: 0, options: 11, of: ({ act }) => [[0, 'byte', activations[act] ?? 0]] },
  mul: { code: 18, options: 21, of: () => [] },
  mean: { code: 40, options: 27, of: () => [[0, 'byte', 1]] },
  reshape: { code: 22, options: 17, of: () => [] },
  relu: { code: 19 },
  relu6: { code: 21 },
  hard_swish: { code: 117, options: 91, of: () => [] },
}

/** A filter in the order of TFLite. */
const filters = {
  conv2d: ({
    w: {
      shape: [kh, kw, i, o],
      data,
    },
  }) => ({ shape: [o, kh, kw, i], data: transpose(data, [kh, kw, i, o], [3, 0, 1, 2]) }),
  depthwise_conv2d: ({ w: { shape, data } }) => ({ shape: [1, ...shape], data }),
  dense: ({
    w: {
      shape: [i, o],
      data,
    },
  }) => ({ shape: [o, i], data: transpose(data, [i, o], [1, 0]) }),
}

/** @returns {Uint8Array} the model's bytes */
export function writeTflite({ input, layers, output }) {
  const b = new Builder(1 << 20)
  const tensors = []
  const places = new Map()
  const buffers = [undefined]
  const tensor = (name, shape, data) => {
    tensors.push({
      name,
      shape,
      type: data instanceof Int32Array ? types.int : types.float,
      buffer: data ? buffers.length : 0,
    })
    if (data) buffers.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    places.set(name, tensors.length - 1)
    return tensors.length - 1
  }
  const steps = []
  const step = (op, inputs, layer) =>
    steps.push({ op, inputs, output: tensor(layer.name, layer.shape), options: ops[op].of?.(layer) ?? [] })

  tensor(input.name, input.shape)
  for (const layer of layers) {
    const { name, op, shape, w, b: bias } = layer
    const inputs = layer.inputs.map((i) => places.get(i))
    if (w) {
      const { shape: dims, data } = filters[op](layer)
      step(op, [inputs[0], tensor(`${name}/w`, dims, data), tensor(`${name}/b`, bias.shape, bias.data)], layer)
    } else if (op === 'mean') step(op, [inputs[0], tensor(`${name}/axes`, [2], Int32Array.of(1, 2))], layer)
    else if (op === 'reshape')
      step(op, [inputs[0], tensor(`${name}/shape`, [shape.length], Int32Array.from(shape))], layer)
    else if (op === 'hard_sigmoid') {
      step('add', [inputs[0], tensor(`${name}/three`, [], Float32Array.of(3))], {
        name: `${name}/cut`,
        shape,
        act: 'relu6',
      })
      step('mul', [places.get(`${name}/cut`), tensor(`${name}/sixth`, [], Float32Array.of(1 / 6))], layer)
    } else step(op, inputs, layer)
  }

  /** Fields as [slot, kind, value]. Offsets must be written before. */
  const add = { byte: 'addFieldInt8', int: 'addFieldInt32', offset: 'addFieldOffset' }
  const table = (fields) => {
    b.startObject(Math.max(0, ...fields.map(([slot]) => slot + 1)))
    for (const [slot, kind, value] of fields) b[add[kind]](slot, value, 0)
    return b.endObject()
  }
  const ints = (list) => {
    b.startVector(4, list.length, 4)
    for (const n of [...list].reverse()) b.addInt32(n)
    return b.endVector()
  }
  const offsets = (list) => {
    b.startVector(4, list.length, 4)
    for (const o of [...list].reverse()) b.addOffset(o)
    return b.endVector()
  }
  const bytes = (data) => {
    b.startVector(1, data.length, 16)
    b.bb.setPosition((b.space -= data.length))
    b.bb.bytes().set(data, b.space)
    return b.endVector()
  }
  const used = [...new Set(steps.map((s) => s.op))]
  const data = offsets(buffers.map((part) => table(part ? [[0, 'offset', bytes(part)]] : [])))
  const codes = offsets(
    used.map((op) =>
      table([
        [0, 'byte', ops[op].code],
        [2, 'int', 1],
        [3, 'int', ops[op].code],
      ]),
    ),
  )
  const tensorTables = offsets(
    tensors.map(({ name, shape, type, buffer }) =>
      table([
        [0, 'offset', ints(shape)],
        [1, 'byte', type],
        [2, 'int', buffer],
        [3, 'offset', b.createString(name)],
      ]),
    ),
  )
  const operators = offsets(
    steps.map(({ op, inputs, output: result, options }) => {
      const own = ops[op].options
        ? [
            [3, 'byte', ops[op].options],
            [4, 'offset', table(options)],
          ]
        : []
      return table([[0, 'int', used.indexOf(op)], [1, 'offset', ints(inputs)], [2, 'offset', ints([result])], ...own])
    }),
  )
  const subgraph = table([
    [0, 'offset', tensorTables],
    [1, 'offset', ints([places.get(input.name)])],
    [2, 'offset', ints([places.get(output)])],
    [3, 'offset', operators],
  ])
  const model = table([
    [0, 'int', 3],
    [1, 'offset', codes],
    [2, 'offset', offsets([subgraph])],
    [4, 'offset', data],
  ])
  b.finish(model, 'TFL3')
  return b.asUint8Array()
}
