/**
 * The compared runtimes. Each has a separate module, loaded where it runs. Each contender (a runtime, a network, a
 * number of threads) has a separate process or page, because most runtimes fix their threads when they start.
 *
 * @typedef {object} Task
 * @property {Record<string, Uint8Array>} files the network's files by extension
 * @property {(path: string) => string} asset address of a file of a package, for files that a runtime loads by itself
 * @property {number} threads
 * @property {Float32Array} image NHWC
 * @property {number[]} shape of the image
 *
 * @typedef {object} Session
 * @property {() => Promise<Float32Array>} run one inference, from the image in the caller's array to an array of logits
 * @property {() => void} close
 *
 * @typedef {{ open: (task: Task) => Promise<Session> }} Runtime from a model's bytes to a session
 *
 * @typedef {{ kinglet: () => Promise<{ load: Function }> }} Host with Kinglet's package entry for it
 */

/**
 * The label of each runtime, its numbers of threads on each host, the extensions of the files that it needs, and how
 * its code is loaded. TensorFlow.js has no threads in Node; LiteRT.js runs only in pages.
 *
 * @type {Record<string, { label: string, node: number[], chromium: number[], files: string[], load?: (host: Host) => Promise<Runtime> }>}
 */
export const runtimes = {
  kinglet: {
    label: 'Kinglet',
    node: [1, 2],
    chromium: [1, 2],
    files: ['safetensors'],
    load: async (host) => (await import('./kinglet.js')).kinglet(await host.kinglet()),
  },
  // Another checkout, started by its own modules (bench/lib/before.js).
  before: { label: 'Kinglet before', node: [1, 2], chromium: [], files: [] },
  tfjs: {
    label: 'TensorFlow.js wasm',
    node: [1],
    chromium: [1, 2],
    files: ['tfjs.json', 'tfjs.bin'],
    load: async () => (await import('./tfjs.js')).tfjs,
  },
  ortWeb: {
    label: 'ONNX Runtime Web',
    node: [1, 2],
    chromium: [1, 2],
    files: ['onnx'],
    load: async () => (await import('./ort-web.js')).ortWeb,
  },
  litert: {
    label: 'LiteRT.js',
    node: [],
    chromium: [1, 2],
    files: ['tflite'],
    load: async () => (await import('./litert.js')).litert,
  },
  ortNode: {
    label: 'ONNX Runtime native',
    node: [1, 2],
    chromium: [],
    files: ['onnx'],
    load: async () => (await import('./ort-node.js')).ortNode,
  },
}
