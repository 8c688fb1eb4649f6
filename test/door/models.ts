/** A small model for the tests of the front door, whose answers depend on the image. */
import { build, type Model, toBytes } from '../../src/index.ts'

export const classes = ['ash', 'birch', 'cedar', 'damson']

export function tinyNet(): Model {
  const net = build('mobilenet_v2', { width: 0.1, size: 24, reduction: 8, classes: 4, seed: 5 })
  // The initial weights of a classifier are small; larger ones give distinct answers.
  const w = net.weights.get('classifier.w')!
  net.weights.set('classifier.w', { ...w, data: w.data.map((v) => v * 100) })
  return net
}

export const tinyBytes = (): Uint8Array<ArrayBuffer> => toBytes(tinyNet(), { classes })
