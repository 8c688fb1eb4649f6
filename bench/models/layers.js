/**
 * Converts a network of Kinglet to a list of layers, from which the model files of the other runtimes are written. As
 * in the output of their converters, weights are constants, batch norm is folded into the convolutions, and bias and
 * ReLU are part of the layer before them. Refuses ops that none of the benchmark's networks has.
 */
import {
  foldBatchNorm,
  foldConstants,
  freeze,
  isConstant,
  isInput,
  mergeEqual,
  readersOf,
  size,
  topological,
} from '../kinglet.js'

/**
 * @typedef {object} Layer
 * @property {string} name unique
 * @property {'conv2d' | 'depthwise_conv2d' | 'dense' | 'mean' | 'reshape' | 'add' | 'mul' | 'relu' | 'relu6' | 'hard_swish' | 'hard_sigmoid'} op
 * @property {string[]} inputs names of layers, or the name of the graph's input
 * @property {number[]} shape of the result, NHWC
 * @property {number[]} inputShape of the first input
 * @property {number} [stride]
 * @property {number[]} [pad] top, bottom, left, right
 * @property {import('../kinglet.js').Tensor} [w] HWIO, HWC or [in, out]
 * @property {import('../kinglet.js').Tensor} [b]
 * @property {'relu' | 'relu6'} [act]
 */

/** Ops that have weights as their second input, and their names here. */
const weighted = { conv2d: 'conv2d', depthwise_conv2d: 'depthwise_conv2d', matmul: 'dense' }
const joined = new Set(['relu', 'relu6'])
const plain = new Set(['reshape', 'add', 'mul', 'relu', 'relu6', 'hard_swish', 'hard_sigmoid'])

/**
 * @param {import('../kinglet.js').Graph} graph with the output `logits`
 * @returns {{ input: { name: string, shape: number[] }, layers: Layer[], output: string }}
 */
export function layersOf(graph, weights) {
  const frozen = foldConstants(mergeEqual(foldBatchNorm(freeze(graph, weights))))
  const readers = readersOf(frozen)
  const layers = new Map()
  const names = new Map()
  let input
  const isAlone = (v) => readers.get(v) === 1
  const isMean = (v) => v.op.name === 'div' && v.inputs[0].op.name === 'reduce_sum'
  // The mean over one pixel has no division.
  const isSumOfOne = (v) => v.op.name === 'reduce_sum' && size(v.shape) === size(v.inputs[0].shape)
  for (const v of topological([frozen.outputs.logits])) {
    const { name: op } = v.op
    const [x, second] = v.inputs
    const below = x && layers.get(names.get(x))
    if (isConstant(v) || (op === 'reduce_sum' && !isSumOfOne(v))) continue
    if (isInput(v)) {
      input = { name: v.attrs.name, shape: v.shape }
      names.set(v, v.attrs.name)
    } else if (op === 'add' && isConstant(second) && below?.w && !below.b && isAlone(x)) {
      below.b = second.attrs.tensor
      names.set(v, below.name)
    } else if (joined.has(op) && below?.w && !below.act && isAlone(x)) {
      below.act = op
      names.set(v, below.name)
    } else {
      const isPooling = isMean(v) || isSumOfOne(v)
      const own = isPooling ? 'mean' : (weighted[op] ?? (plain.has(op) ? op : undefined))
      if (!own) throw new Error(`the benchmark's model writers do not support ${op}`)
      const source = isMean(v) ? x.inputs[0] : x
      const inputs = own === 'add' || own === 'mul' ? v.inputs : [source]
      const { stride, pad } = v.attrs
      const w = own in weighted || own === 'dense' ? second.attrs.tensor : undefined
      const layer = {
        name: `${own}_${layers.size}`,
        op: own,
        inputs: inputs.map((i) => names.get(i)),
        shape: v.shape,
        inputShape: source.shape,
        stride,
        pad,
        w,
      }
      layers.set(layer.name, layer)
      names.set(v, layer.name)
    }
  }
  return { input, layers: [...layers.values()], output: names.get(frozen.outputs.logits) }
}
