/**
 * Logarithms of the normal distribution that stay accurate far in the tails, where the plain formulas underflow to 0:
 * of probabilities, and of the expected improvement (Ament et al. 2023, "Unexpected improvements to expected
 * improvement", arXiv:2310.20708). Below -3 both use Laplace's continued fraction of Mills' ratio, which has no
 * cancellation.
 */

const logRoot2Pi = 0.5 * Math.log(2 * Math.PI)
const tail = -3

/** A logarithm and its derivative. */
export interface LogSlope {
  readonly log: number
  readonly slope: number
}

/** The density at z. */
const density = (z: number): number => Math.exp(-0.5 * z * z - logRoot2Pi)

/** The probability of less than z, for |z| of 3 at most: the series of odd powers (Marsaglia 2004). */
function cumulative(z: number): number {
  let term = z
  let sum = z
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) sum += term *= (z * z) / k
  return 0.5 + sum * density(z)
}

/** With t = -z, the c of Mills' ratio 1 / (t + c): 1 / (t + 2 / (t + 3 / (t + ...))). 60 terms are exact for t >= 3. */
function fraction(t: number): number {
  let c = 0
  for (let k = 60; k >= 2; k--) c = k / (t + c)
  return 1 / (t + c)
}

/** The logarithm of the probability that a standard normal is below z. */
export function logProbability(z: number): LogSlope {
  if (z > -tail) {
    const above = Math.exp(logProbability(-z).log)
    return { log: Math.log1p(-above), slope: density(z) / (1 - above) }
  }
  if (z > tail) {
    const p = cumulative(z)
    return { log: Math.log(p), slope: density(z) / p }
  }
  const mills = 1 / (fraction(-z) - z)
  return { log: -0.5 * z * z - logRoot2Pi + Math.log(mills), slope: 1 / mills }
}

/**
 * The logarithm of h(z) = density(z) + z probability(z), the mean excess of a standard normal over -z. Expected
 * improvement over `best` is sd h((best - mean) / sd).
 */
export function logExcess(z: number): LogSlope {
  if (z > tail) {
    const p = z > -tail ? 1 - Math.exp(logProbability(-z).log) : cumulative(z)
    const h = density(z) + z * p
    return { log: Math.log(h), slope: p / h }
  }
  const c = fraction(-z)
  return { log: -0.5 * z * z - logRoot2Pi + Math.log(c / (c - z)), slope: 1 / c }
}
