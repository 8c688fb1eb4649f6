/**
 * The timed networks: the papers' four at 224 x 224 with random weights. Padding is TensorFlow's "same", the only
 * padding that every runtime's format expresses without a separate op.
 */
import { build, key, keyOf, Rng, size } from '../kinglet.js'

/** Networks by their short names in options and file names. */
export const networks = {
  v1: { model: 'mobilenet_v1', title: 'V1' },
  v2: { model: 'mobilenet_v2', title: 'V2' },
  v3l: { model: 'mobilenet_v3_large', title: 'V3-L' },
  v3s: { model: 'mobilenet_v3_small', title: 'V3-S' },
}

/** Ranges of batch norm's parameters. They are random too, so that folding has an effect. */
const ranges = { gamma: [0.5, 1.5], variance: [0.5, 1.5], beta: [-0.2, 0.2], mean: [-0.2, 0.2] }

/** A network with its random weights. */
export function network(name) {
  const net = build(networks[name].model, { padding: 'same' })
  for (const [parameter, { data }] of net.weights) {
    const range = ranges[parameter.split('.').at(-1)]
    const rng = new Rng(key(1, keyOf(parameter)))
    if (range) for (let i = 0; i < data.length; i++) data[i] = rng.between(...range)
  }
  return net
}

/** One image of random pixels, -1 to 1, NHWC. */
export function image(shape) {
  const rng = new Rng(key(2))
  return Float32Array.from({ length: size(shape) }, () => rng.between(-1, 1))
}
