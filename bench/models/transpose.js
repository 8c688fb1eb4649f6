/** Layouts: the other runtimes read images and weights in different orders. */

/** Moves the axes of a dense tensor: result axis i is axis order[i] of `data`. */
export function transpose(data, shape, order) {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1))
  const dims = order.map((axis) => shape[axis])
  const steps = order.map((axis) => strides[axis])
  const y = new Float32Array(data.length)
  const at = dims.map(() => 0)
  let from = 0
  for (let i = 0; i < y.length; i++) {
    y[i] = data[from]
    for (let k = dims.length - 1; k >= 0; k--) {
      from += steps[k]
      if (++at[k] < dims[k]) break
      from -= steps[k] * dims[k]
      at[k] = 0
    }
  }
  return y
}
