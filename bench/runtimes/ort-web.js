/** ONNX Runtime Web with its WebAssembly provider. */
import * as ort from 'onnxruntime-web/wasm'
import { transpose } from '../models/transpose.js'

/** @type {import('./index.js').Runtime} */
export const ortWeb = {
  async open({ files, asset, threads, image, shape: [n, h, w, c] }) {
    ort.env.wasm.numThreads = threads
    ort.env.wasm.wasmPaths = asset('onnxruntime-web/dist/')
    const session = await ort.InferenceSession.create(files.onnx, {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'all',
    })
    const x = new ort.Tensor('float32', transpose(image, [n, h, w, c], [0, 3, 1, 2]), [n, c, h, w])
    return { run: async () => (await session.run({ x })).logits.data, close: () => session.release() }
  },
}
