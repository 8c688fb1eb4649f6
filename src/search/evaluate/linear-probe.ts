/**
 * A linear probe: multinomial logistic regression with a penalty on the weights, fitted by gradient descent with
 * Nesterov's momentum in double precision. The loss is convex and the number of steps fixed, so the result depends on
 * the examples alone.
 */

/** Weight of the squared weights in the loss. */
const penalty = 1e-3
/**
 * Examples have length 1, or sqrt 2 with the bias, so 1 + penalty is an upper bound on the gradient's Lipschitz
 * constant.
 */
const rate = 1 / (1 + penalty)
const steps = 200

/** Fits a probe to `examples` (all of one length) with their `labels`. The returned function predicts a class. */
export function linearProbe(
  examples: readonly Float64Array[],
  labels: readonly number[],
  classes: number,
): (query: Float64Array) => number {
  const width = examples[0].length
  const scores = (w: Float64Array, x: Float64Array): Float64Array => {
    const found = new Float64Array(classes)
    for (let k = 0; k < classes; k++) {
      const at = k * (width + 1)
      let sum = w[at + width]
      for (let c = 0; c < width; c++) sum += w[at + c] * x[c]
      found[k] = sum
    }
    return found
  }
  const gradient = (w: Float64Array): Float64Array => {
    const g = w.map((v, i) => (i % (width + 1) === width ? 0 : penalty * v))
    for (const [i, x] of examples.entries()) {
      const share = softmax(scores(w, x))
      share[labels[i]] -= 1
      for (let k = 0; k < classes; k++) {
        const [at, d] = [k * (width + 1), share[k] / examples.length]
        for (let c = 0; c < width; c++) g[at + c] += d * x[c]
        g[at + width] += d
      }
    }
    return g
  }
  let w = new Float64Array(classes * (width + 1))
  let ahead = w
  for (let t = 1; t <= steps; t++) {
    const g = gradient(ahead)
    const next = ahead.map((v, i) => v - rate * g[i])
    const before = w
    ahead = next.map((v, i) => v + ((t - 1) / (t + 2)) * (v - before[i]))
    w = next
  }
  return (query) => {
    const found = scores(w, query)
    return found.indexOf(found.reduce((a, b) => Math.max(a, b)))
  }
}

function softmax(scores: Float64Array): Float64Array {
  const most = scores.reduce((a, b) => Math.max(a, b))
  const powers = scores.map((s) => Math.exp(s - most))
  const sum = powers.reduce((a, b) => a + b)
  return powers.map((p) => p / sum)
}
