/**
 * Writes a TensorFlow.js graph model, with the fused ops that its converter makes: `_FusedConv2D`,
 * `FusedDepthwiseConv2dNative` and `_FusedMatMul` with bias and ReLU inside.
 */
import { size } from '../kinglet.js'

const text = (s) => ({ s: Buffer.from(s).toString('base64') })
const texts = (list) => ({ list: { s: list.map((s) => text(s).s) } })
const ints = (list) => ({ list: { i: list.map(String) } })
const shapeAttr = (dims) => ({ shape: { dim: dims.map((d) => ({ size: String(d) })) } })
const float = { type: 'DT_FLOAT' }
const acts = { relu: 'Relu', relu6: 'Relu6' }
const fusedNames = { conv2d: '_FusedConv2D', depthwise_conv2d: 'FusedDepthwiseConv2dNative', dense: '_FusedMatMul' }
const plainNames = { add: 'AddV2', mul: 'Mul', relu: 'Relu', relu6: 'Relu6' }

/** @returns {{ modelTopology: object, weightSpecs: object[], weightData: ArrayBuffer }} for `tf.io.fromMemory` */
export function writeTfjs({ input, layers, output }) {
  const nodes = [{ name: input.name, op: 'Placeholder', attr: { dtype: float, ...{ shape: shapeAttr(input.shape) } } }]
  const weightSpecs = []
  const weights = []
  const constant = (name, shape, data, dtype = 'float32') => {
    nodes.push({
      name,
      op: 'Const',
      attr: { dtype: { type: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT' }, value: { tensor: {} } },
    })
    weightSpecs.push({ name, shape, dtype })
    weights.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    return name
  }
  const node = (name, op, inputs, attr = {}) => {
    nodes.push({ name, op, input: inputs, attr: { T: float, ...attr } })
    return name
  }
  const scalar = (name, value) => constant(name, [], Float32Array.of(value))

  /** relu6(x + 3), a part of hard sigmoid and h-swish. */
  const cut = (name, x) =>
    node(`${name}/cut`, 'Relu6', [node(`${name}/shifted`, 'AddV2', [x, scalar(`${name}/three`, 3)])])
  const sixth = (name, x, y) => node(y, 'Mul', [x, scalar(`${name}/sixth`, 1 / 6)])

  for (const layer of layers) {
    const { name, op, inputs, w, b, act, stride } = layer
    if (w) {
      const filter = constant(`${name}/w`, op === 'depthwise_conv2d' ? [...w.shape, 1] : w.shape, w.data)
      const bias = constant(`${name}/b`, b.shape, b.data)
      node(name, fusedNames[op], [inputs[0], filter, bias], {
        fused_ops: texts(act ? ['BiasAdd', acts[act]] : ['BiasAdd']),
        num_args: { i: '1' },
        ...(op === 'dense'
          ? { transpose_a: { b: false }, transpose_b: { b: false } }
          : {
              strides: ints([1, stride, stride, 1]),
              padding: text('SAME'),
              data_format: text('NHWC'),
              dilations: ints([1, 1, 1, 1]),
            }),
      })
    } else if (op === 'mean')
      node(name, 'Mean', [inputs[0], constant(`${name}/axes`, [2], Int32Array.of(1, 2), 'int32')], {
        keep_dims: { b: true },
      })
    else if (op === 'reshape')
      node(name, 'Reshape', [
        inputs[0],
        constant(`${name}/shape`, [layer.shape.length], Int32Array.from(layer.shape), 'int32'),
      ])
    else if (op === 'hard_sigmoid') sixth(name, cut(name, inputs[0]), name)
    else if (op === 'hard_swish') sixth(name, node(`${name}/product`, 'Mul', [inputs[0], cut(name, inputs[0])]), name)
    else node(name, plainNames[op], inputs)
  }
  const weightData = new Uint8Array(weights.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of weights) {
    weightData.set(part, at)
    at += part.length
  }
  const bytes = weightSpecs.reduce((n, spec) => n + 4 * size(spec.shape), 0)
  if (bytes !== at) throw new Error(`tfjs: ${at} bytes of weights were written, their shapes hold ${bytes}`)
  return {
    modelTopology: { node: nodes, versions: { producer: 1 }, library: {} },
    weightSpecs,
    weightData: weightData.buffer,
    signature: { inputs: { [input.name]: { name: `${input.name}:0` } }, outputs: { logits: { name: `${output}:0` } } },
  }
}
