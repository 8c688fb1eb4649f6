/**
 * Transforms of values for a Gaussian process, which expects something like a normal distribution around 0. Objectives,
 * to be minimised, go through the power transform of Yeo & Johnson (2000), restricted to powers that compress high
 * values: values near the best are never compressed. Violations keep their 0, and logarithms compress both sides of it
 * (Eriksson & Poloczek 2021, arXiv:2002.08526).
 */

export type Transform = (value: number) => number

/** The element at quantile `q` of sorted numbers. */
const quantile = (sorted: Float64Array, q: number): number => sorted[Math.round(q * (sorted.length - 1))]

/** The median, and the median distance from it. If that distance is 0, the mean distance, or 1. */
function middleOf(values: Float64Array): { middle: number; spread: number } {
  const middle = quantile(values.slice().sort(), 0.5)
  const apart = values.map((v) => Math.abs(v - middle)).sort()
  return { middle, spread: quantile(apart, 0.5) || apart.reduce((a, b) => a + b, 0) / apart.length || 1 }
}

/** The mean and deviation that standardise these values. */
function standardized(values: Float64Array): { mean: number; sd: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length
  return { mean, sd: Math.sqrt(variance) || 1 }
}

/** The power transform: the identity for `power` 1; for `power` 0 the logarithm of 1 + x where x is not negative. */
function yeoJohnson(x: number, power: number): number {
  if (x >= 0) return power === 0 ? Math.log1p(x) : ((1 + x) ** power - 1) / power
  return -((1 - x) ** (2 - power) - 1) / (2 - power)
}

/** Candidate powers: 1 compresses nothing, and a power above 1 would compress the best values. */
const powers = Array.from({ length: 31 }, (_, i) => 1 - i / 10)

/** The power under which the values are likeliest as draws from a normal distribution. */
function likeliestPower(values: Float64Array): number {
  const stretch = values.reduce((a, x) => a + Math.sign(x) * Math.log1p(Math.abs(x)), 0)
  const scores = powers.map((power) => {
    const { sd } = standardized(values.map((x) => yeoJohnson(x, power)))
    return (power - 1) * stretch - values.length * Math.log(sd)
  })
  return powers[scores.indexOf(Math.max(...scores))]
}

/** The transform of values to be minimised: increasing, with mean 0 and deviation 1 on `values`. */
export function objectiveTransform(values: Float64Array): Transform {
  const { middle, spread } = middleOf(values)
  const around = values.map((v) => (v - middle) / spread)
  const power = likeliestPower(around)
  const { mean, sd } = standardized(around.map((x) => yeoJohnson(x, power)))
  return (value) => (yeoJohnson((value - middle) / spread, power) - mean) / sd
}

/**
 * The transform of violations: increasing, with mean 0 and deviation 1 on `values`. The budget's bound is its value at
 * 0.
 */
export function violationTransform(values: Float64Array): Transform {
  const spread = quantile(values.map(Math.abs).sort(), 0.5) || 1
  const bilog = (v: number) => Math.sign(v) * Math.log1p(Math.abs(v) / spread)
  const { mean, sd } = standardized(values.map(bilog))
  return (value) => (bilog(value) - mean) / sd
}
