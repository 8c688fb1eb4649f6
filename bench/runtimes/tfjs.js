/** TensorFlow.js with its WebAssembly backend. In Node it has no threads. */

import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { loadGraphModel } from '@tensorflow/tfjs-converter'
import * as tf from '@tensorflow/tfjs-core'

/** @type {import('./index.js').Runtime} */
export const tfjs = {
  async open({ files, asset, threads, image, shape }) {
    setWasmPaths(asset('@tensorflow/tfjs-backend-wasm/dist/'))
    setThreadsCount(threads)
    await tf.setBackend('wasm')
    await tf.ready()
    const text = new TextDecoder().decode(files['tfjs.json'])
    const weightData = files['tfjs.bin'].slice().buffer
    const model = await loadGraphModel(tf.io.fromMemory({ ...JSON.parse(text), weightData }))
    const run = async () => {
      const x = tf.tensor(image, shape)
      const y = model.predict(x)
      const data = await y.data()
      x.dispose()
      y.dispose()
      return data
    }
    return { run, close: () => model.dispose() }
  },
}
