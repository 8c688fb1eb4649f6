/**
 * Finds squeeze-and-excitation in a graph: the product of an image with one number for each of its channels, where the
 * numbers are computed from the mean over the image's pixels.
 */
import { size } from '../core/index.ts'
import { isProduct, type Value } from '../ops/index.ts'

export interface Gate {
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

/** The mean of `image` that `v` is computed from. Nodes older than the image are not searched. */
function meanBehind(v: Value, image: Value): Value | undefined {
  if (v.id <= image.id) return undefined
  if (isMeanOf(v, image)) return v
  for (const x of v.inputs) {
    const found = meanBehind(x, image)
    if (found) return found
  }
  return undefined
}

/** All gates of a graph for one image, each under its mean and under its product. */
export function gatesOf(nodes: readonly Value[], data: ReadonlySet<Value>): Map<Value, Gate> {
  const gates = new Map<Value, Gate>()
  for (const product of nodes) {
    if (!isProduct(product)) continue
    const [image, factor] = product.inputs.filter((x) => data.has(x)).sort((a, b) => a.id - b.id)
    if (!factor || image.shape.length !== 4 || size(factor.shape) !== image.shape[3]) continue
    const mean = meanBehind(factor, image)
    if (mean && !gates.has(mean)) for (const v of [mean, product]) gates.set(v, { image, mean, product })
  }
  return gates
}
