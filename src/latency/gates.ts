/**
 * Finds squeeze-and-excitation in a graph: the product of an image with one number for each of its channels, where the
 * numbers are computed from the mean over the image's pixels.
 */
import { size } from '../core/index.ts'
import { gateOf } from '../graph/index.ts'
import type { Value } from '../ops/index.ts'

/** A gate of an image whose factor is computed from the image's mean. */
export interface ImageGate {
  /** The image that the gate multiplies. */
  readonly image: Value
  /** The sum over its pixels. */
  readonly mean: Value
  readonly product: Value
}

const isMeanOf = (v: Value, image: Value): boolean =>
  v.inputs.length === 1 &&
  v.inputs[0] === image &&
  v.op.viewOffset === undefined &&
  !v.op.isElementwise &&
  size(v.shape) === image.shape[3]

/** All gates of a graph for one image, each under its mean and under its product. */
export function imageGatesOf(nodes: readonly Value[], data: ReadonlySet<Value>): Map<Value, ImageGate> {
  const gates = new Map<Value, ImageGate>()
  for (const product of nodes) {
    const gate = gateOf(product, data)
    if (!gate) continue
    const { gated: image, factor, between } = gate
    if (image.shape.length !== 4 || size(factor.shape) !== image.shape[3]) continue
    const mean = [...between].find((v) => isMeanOf(v, image))
    if (mean && !gates.has(mean)) for (const v of [mean, product]) gates.set(v, { image, mean, product })
  }
  return gates
}
