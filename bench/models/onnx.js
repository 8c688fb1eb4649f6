/**
 * Writes an ONNX model (opset 14) like an exporter: NCHW, weights OIHW. Field numbers are those of onnx.proto3.
 */
import protobuf from 'protobufjs/minimal.js'
import { transpose } from './transpose.js'

const { Writer } = protobuf
const types = { float: 1, int64: 7 }
const attributeTypes = { f: 1, i: 2, ints: 7 }

const bytesField = (w, field, bytes) => w.uint32((field << 3) | 2).bytes(bytes)
const textField = (w, field, text) => w.uint32((field << 3) | 2).string(text)
const intField = (w, field, n) => w.uint32(field << 3).int64(n)
const message = (w, field, write) => {
  write(w.uint32((field << 3) | 2).fork())
  return w.ldelim()
}

function attribute(w, [name, value]) {
  const kind = Array.isArray(value) ? 'ints' : Number.isInteger(value) ? 'i' : 'f'
  textField(w, 1, name)
  if (kind === 'f') w.uint32((2 << 3) | 5).float(value)
  else if (kind === 'i') intField(w, 3, value)
  else for (const n of value) intField(w, 8, n)
  intField(w, 20, attributeTypes[kind])
}

function tensor(w, name, dims, data) {
  for (const d of dims) intField(w, 1, d)
  intField(w, 2, data instanceof BigInt64Array ? types.int64 : types.float)
  textField(w, 8, name)
  bytesField(w, 9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}

function valueInfo(w, name, dims) {
  textField(w, 1, name)
  message(w, 2, (type) =>
    message(type, 1, (t) => {
      intField(t, 1, types.float)
      message(t, 2, (shape) => {
        for (const d of dims) message(shape, 1, (dim) => intField(dim, 1, d))
      })
    }),
  )
}

/** [N, H, W, C] in the order of ONNX. */
const nchw = (shape) => (shape.length === 4 ? [shape[0], shape[3], shape[1], shape[2]] : [...shape])
const opNames = { add: 'Add', mul: 'Mul', relu: 'Relu', hard_swish: 'HardSwish' }
/** The attributes of an op. */
const hardSigmoid = { alpha: 1 / 6, beta: 0.5 }

/** @returns {Uint8Array} the model's bytes; input `x` [N, C, H, W], output `logits` */
export function writeOnnx({ input, layers, output }) {
  const nodes = []
  const initializers = []
  const constant = (name, dims, data) => {
    initializers.push([name, dims, data])
    return name
  }
  const node = (op, inputs, name, attributes = {}) => {
    nodes.push({ op, inputs, name, attributes })
    return name
  }
  const activate = (act, x, name) => {
    if (act === 'relu') node('Relu', [x], name)
    else
      node(
        'Clip',
        [x, constant(`${name}/zero`, [], Float32Array.of(0)), constant(`${name}/six`, [], Float32Array.of(6))],
        name,
      )
  }
  for (const layer of layers) {
    const { name, op, inputs, w, b, act, stride, pad, shape, inputShape } = layer
    const result = act ? `${name}/linear` : name
    if (op === 'dense') {
      node('Gemm', [inputs[0], constant(`${name}/w`, w.shape, w.data), constant(`${name}/b`, b.shape, b.data)], result)
    } else if (w) {
      const depthwise = op === 'depthwise_conv2d'
      const hwio = depthwise ? [w.shape[0], w.shape[1], 1, w.shape[2]] : w.shape
      const filter = constant(`${name}/w`, [hwio[3], hwio[2], hwio[0], hwio[1]], transpose(w.data, hwio, [3, 2, 0, 1]))
      node('Conv', [inputs[0], filter, constant(`${name}/b`, b.shape, b.data)], result, {
        kernel_shape: [hwio[0], hwio[1]],
        strides: [stride, stride],
        pads: [pad[0], pad[2], pad[1], pad[3]],
        group: depthwise ? hwio[3] : 1,
      })
    } else if (op === 'mean') node('GlobalAveragePool', inputs, name)
    else if (op === 'reshape') {
      if (inputShape.length === 4 && inputShape[1] * inputShape[2] !== 1)
        throw new Error(`onnx: ${name} flattens ${inputShape}: channels-first data would change its order`)
      node(
        'Reshape',
        [inputs[0], constant(`${name}/shape`, [shape.length], BigInt64Array.from(nchw(shape), BigInt))],
        name,
      )
    } else if (op === 'relu6') activate(op, inputs[0], name)
    else if (op === 'hard_sigmoid') node('HardSigmoid', inputs, name, hardSigmoid)
    else node(opNames[op], inputs, name)
    if (act) activate(act, result, name)
  }
  const last = nodes.find((n) => n.name === output)
  last.name = 'logits'
  const out = layers.find((l) => l.name === output).shape

  const w = Writer.create()
  intField(w, 1, 8)
  textField(w, 2, 'kinglet-bench')
  message(w, 7, (graph) => {
    for (const { op, inputs, name, attributes } of nodes)
      message(graph, 1, (n) => {
        for (const i of inputs) textField(n, 1, i)
        textField(n, 2, name)
        textField(n, 3, name)
        textField(n, 4, op)
        for (const entry of Object.entries(attributes)) message(n, 5, (a) => attribute(a, entry))
      })
    textField(graph, 2, 'network')
    for (const t of initializers) message(graph, 5, (m) => tensor(m, ...t))
    message(graph, 11, (i) => valueInfo(i, input.name, nchw(input.shape)))
    message(graph, 12, (o) => valueInfo(o, 'logits', out))
  })
  message(w, 8, (opset) => intField(opset, 2, 14))
  return w.finish()
}
