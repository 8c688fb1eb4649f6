/** LiteRT.js (TensorFlow Lite with XNNPACK) on the CPU. It runs only in pages. */
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core'

/** @type {import('./index.js').Runtime} */
export const litert = {
  async open({ files, asset, threads, image, shape }) {
    await loadLiteRt(asset('@litertjs/core/wasm/'), { threads: threads > 1 })
    const model = await loadAndCompile(files.tflite, {
      accelerator: 'wasm',
      cpuOptions: { numThreads: threads },
    })
    const run = async () => {
      const x = new Tensor(image, shape)
      const [y] = await model.run(x)
      const logits = y.toTypedArray().slice()
      x.delete()
      y.delete()
      return logits
    }
    return { run, close: () => model.delete() }
  },
}
