/**
 * The runtimes that are compared. Each stands in a module of its own, loaded where it runs: one process or page for each
 * contender (a runtime, a network, a number of threads), since most runtimes fix their threads when they start.
 *
 * @typedef {object} Task
 * @property {string} name short name of the network
 * @property {(ending: string) => Promise<Uint8Array>} read the network's file with that ending
 * @property {(path: string) => string} asset address of a file of a package, for what a runtime loads by itself
 * @property {number} threads
 * @property {Float32Array} image NHWC
 * @property {number[]} shape of the image
 *
 * @typedef {object} Session
 * @property {() => Promise<Float32Array>} run one inference from the image in the caller's array to logits in one
 * @property {() => void} close
 *
 * @typedef {{ open: (task: Task) => Promise<Session> }} Runtime from a model's bytes to a session
 */

/** What each runtime is called, where it runs and with which numbers of threads, and how it is loaded. */
export const runtimes = {
  kinglet: {
    label: 'Kinglet',
    load: async () => (await import('./kinglet.js')).kinglet,
    node: [1, 2],
    chromium: [1, 2],
  },
  tfjs: {
    label: 'TensorFlow.js wasm',
    load: async () => (await import('./tfjs.js')).tfjs,
    node: [1],
    chromium: [1, 2],
  },
  ortWeb: {
    label: 'ONNX Runtime Web',
    load: async () => (await import('./ort-web.js')).ortWeb,
    node: [1, 2],
    chromium: [1, 2],
  },
  ortNode: {
    label: 'ONNX Runtime native',
    load: async () => (await import('./ort-node.js')).ortNode,
    node: [1, 2],
    chromium: [],
  },
}
