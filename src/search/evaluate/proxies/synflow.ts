/**
 * SynFlow (Tanaka et al. 2020, arXiv:2006.05467, equation 2), which needs no data. Weights become |w|, the input is an
 * image of ones, and R is the sum of the outputs. The paper's score is the sum over weights of |w dR/dw|; this one is
 * its logarithm.
 *
 * Batch norm is left out, as in the paper's own form, and so are activations. ReLU does nothing between positive
 * numbers. ReLU6, h-swish and swish are replaced by their limit for large numbers, x, since numbers here grow by orders
 * of magnitude with every layer. Gates (sigmoid, hard sigmoid) and tanh are 1 there, so nothing flows through them.
 *
 * The paper uses double precision for the same reason. Engines have single precision, so each weight tensor is divided
 * by a power of two that keeps its output about as large as its input, and the exponents are tracked beside the graph.
 */
import { assert, type Tensor, tensor } from '../../../core/index.ts'
import { gradients, inputsOf, nameOf, topological } from '../../../graph/index.ts'
import { assertClassifier, calledOf, type Network } from '../../../nn/index.ts'
import {
  constant,
  input,
  isConstant,
  isInput,
  isParameter,
  mul,
  type ParameterAttrs,
  reduceSum,
  type Value,
  withInputs,
} from '../../../ops/index.ts'
import { weightsIn, type ZeroCostProxy } from './proxy.ts'

/** Represents `value` times 2 to the `exponent`. */
interface Scaled {
  readonly value: Value
  readonly exponent: number
}

const filled = (v: Value, value: number): Tensor =>
  tensor(v.shape, new Float32Array(v.shape.reduce((a, b) => a * b, 1)).fill(value))

const asItComes = (_: Value, [x]: readonly Scaled[]): Scaled => x
const isOne = (v: Value): Scaled => ({ value: constant(filled(v, 1)), exponent: 0 })
const product = (v: Value, inputs: readonly Scaled[]): Scaled => ({
  value: withInputs(
    v,
    inputs.map((x) => x.value),
  ),
  exponent: inputs.reduce((sum, x) => sum + x.exponent, 0),
})
const quotient = (v: Value, [a, b]: readonly Scaled[]): Scaled => ({
  value: withInputs(v, [a.value, b.value]),
  exponent: a.exponent - b.exponent,
})
/** For ops that are linear in all inputs together: scales the inputs to the largest exponent. */
function sum(v: Value, inputs: readonly Scaled[]): Scaled {
  const exponent = Math.max(...inputs.map((x) => x.exponent))
  const aligned = inputs.map((x) => (x.exponent === exponent ? x.value : mul(x.value, 2 ** (x.exponent - exponent))))
  return { value: withInputs(v, aligned), exponent }
}

const rules: Readonly<Record<string, (v: Value, inputs: readonly Scaled[]) => Scaled>> = {
  batch_norm: asItComes,
  relu: asItComes,
  relu6: asItComes,
  hard_swish: asItComes,
  swish: asItComes,
  sigmoid: isOne,
  hard_sigmoid: isOne,
  tanh: isOne,
  conv2d: product,
  depthwise_conv2d: product,
  matmul: product,
  mul: product,
  div: quotient,
}

/**
 * The power of two by which |w| is divided, so that it multiplies no output by more than 1. Outputs are the last axis.
 */
function gainOf({ shape, data }: Tensor): number {
  const outputs = shape[shape.length - 1]
  const sums = new Float64Array(outputs)
  for (let i = 0; i < data.length; i++) sums[i % outputs] += Math.abs(data[i])
  const most = sums.reduce((a, b) => Math.max(a, b), 0)
  return most > 0 ? Math.ceil(Math.log2(most)) : 0
}

/** The network with |w|, and those weights. Its output is `value` times 2 to the `exponent`. */
function linearised(net: Network): Scaled & { readonly weights: Map<string, Tensor> } {
  assertClassifier(net, 'synflow')
  const weights = new Map<string, Tensor>()
  const { logits } = net.forward(input('x', [1, ...net.inputShape]), { training: false })
  const scaled = new Map<Value, Scaled>()
  const parameter = (v: Value): Scaled => {
    const { name, role } = v.attrs as ParameterAttrs
    const w = net.weights.get(name)!
    const exponent = role === 'weight' || role === 'depthwise' ? gainOf(w) : 0
    const values = Float32Array.from(w.data as Float32Array, (x) => Math.abs(x) / 2 ** exponent)
    weights.set(name, tensor(w.shape, values))
    return { value: v, exponent }
  }
  for (const v of topological([logits])) {
    const inputs = v.inputs.map((x) => scaled.get(x)!)
    if (isParameter(v)) scaled.set(v, parameter(v))
    else if (isInput(v) || isConstant(v)) scaled.set(v, { value: v, exponent: 0 })
    else scaled.set(v, (rules[v.op.name] ?? sum)(v, inputs))
  }
  return { ...scaled.get(logits)!, weights }
}

export const synflow: ZeroCostProxy = {
  says: 'log of the sum over weights of |w dR/dw|, R the sum of the outputs for |w| and an image of ones',
  batches: 0,
  async score({ net, engine }) {
    const { value, exponent, weights } = linearised(net)
    const flowing = weightsIn(value)
    const found = gradients(reduceSum({ x: value }, { axes: [0, 1] }), flowing)
    const outputs = Object.fromEntries(flowing.map((w) => [nameOf(w), mul(w, found.get(w)!)]))
    const graph = { outputs, updates: [] }
    const program = await engine.compile(graph, { weights })
    try {
      const ones = new Float32Array(net.inputShape.reduce((a, b) => a * b, 1)).fill(1)
      let score = 0
      // Where all activations are gates, nothing depends on the image.
      for (const { data } of Object.values(await program.run(inputsOf(graph).has('x') ? { x: ones } : {})))
        for (let i = 0; i < data.length; i++) score += Math.abs(data[i])
      assert(score > 0, `synflow: nothing flows through ${calledOf(net)}: all its activations are gates`)
      return Math.log(score) + exponent * Math.LN2
    } finally {
      program.dispose()
    }
  },
}
