/**
 * The trainer of TensorFlow.js, for the same network on its WebAssembly backend. That backend needs the gradients of
 * convolutions: 4.22 does not have them and throws at the first step. (The plain JavaScript backend has them; a step
 * takes a minute.) Batch norm is folded, as in the files of the inference benchmark, so a step does a little less work
 * than the steps of the other trainers.
 */
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { build, size } from '../kinglet.js'
import { layersOf } from '../models/layers.js'
import { answerMessages } from '../node/answer.js'

const activations = { relu: tf.relu, relu6: tf.relu6 }

/** The function of each kind of layer. `w` and `b` are variables. */
const forward = {
  conv2d: ([x], { stride, w, b }) => tf.add(tf.conv2d(x, w, stride, 'same'), b),
  depthwise_conv2d: ([x], { stride, w, b }) => tf.add(tf.depthwiseConv2d(x, w, stride, 'same'), b),
  dense: ([x], { w, b }) => tf.add(tf.matMul(x, w), b),
  mean: ([x]) => tf.mean(x, [1, 2], true),
  reshape: ([x], { shape }) => tf.reshape(x, shape),
  add: ([x, y]) => tf.add(x, y),
  mul: ([x, y]) => tf.mul(x, y),
  relu: ([x]) => tf.relu(x),
  relu6: ([x]) => tf.relu6(x),
  hard_sigmoid: ([x]) => tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6),
  hard_swish: ([x]) => tf.mul(x, tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6)),
}

let step

answerMessages({
  async open({ model, imageSize, batch, classes, learningRate, momentum, threads }) {
    setWasmPaths(fileURLToPath(new URL('../node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url)))
    setThreadsCount(threads)
    await tf.setBackend('wasm')
    const net = build(model, { size: imageSize, classes, padding: 'same' })
    const { input, layers, output } = layersOf(net.graph(batch), net.weights)
    let parameters = 0
    const variable = (t, shape) => {
      parameters += size(t.shape)
      return tf.variable(tf.tensor(t.data, shape))
    }
    const variables = layers.map(({ op, w, b }) =>
      w
        ? { w: variable(w, op === 'depthwise_conv2d' ? [...w.shape, 1] : w.shape), b: variable(b, b.shape) }
        : undefined,
    )
    const x = tf.randomUniform(input.shape, -1, 1)
    const targets = tf.oneHot(
      tf.tensor1d(
        Array.from({ length: batch }, (_, i) => i % classes),
        'int32',
      ),
      classes,
    )
    const optimizer = tf.train.momentum(learningRate, momentum)
    const lossOf = () => {
      const values = new Map([[input.name, x]])
      for (const [i, layer] of layers.entries()) {
        const y = forward[layer.op](
          layer.inputs.map((name) => values.get(name)),
          { ...layer, ...variables[i] },
        )
        values.set(layer.name, layer.act ? activations[layer.act](y) : y)
      }
      return tf.losses.softmaxCrossEntropy(targets, values.get(output))
    }
    step = async () => {
      const loss = optimizer.minimize(lossOf, true)
      const [value] = await loss.data()
      loss.dispose()
      return value
    }
    const before = performance.now()
    const loss = await step()
    return { firstMs: performance.now() - before, loss, parameters, version: tf.version.tfjs }
  },
  async run({ count }) {
    const times = []
    for (let i = 0; i < count; i++) {
      const before = performance.now()
      await step()
      times.push(performance.now() - before)
    }
    return { times }
  },
})
