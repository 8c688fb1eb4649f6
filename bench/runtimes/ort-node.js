/** ONNX Runtime for Node: native code, a distant reference. */
import ort from 'onnxruntime-node'
import { transpose } from '../models/transpose.js'

/** @type {import('./index.js').Runtime} */
export const ortNode = {
  async open({ files, threads, image, shape: [n, h, w, c] }) {
    const session = await ort.InferenceSession.create(files.onnx, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
    })
    const x = new ort.Tensor('float32', transpose(image, [n, h, w, c], [0, 3, 1, 2]), [n, c, h, w])
    return { run: async () => (await session.run({ x })).logits.data, close: () => session.release() }
  },
}
