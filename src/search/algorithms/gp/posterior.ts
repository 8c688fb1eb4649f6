/** The prediction of a Gaussian process with given hyper-parameters, and its derivatives. */
import type { Hyper } from './fit.ts'
import type { Layout } from './layout.ts'
import { cholesky, dot, solveLower, solveUpper, squaredDistance } from './linear-algebra.ts'

/** Mean and standard deviation of the function, without noise. */
export interface Prediction {
  readonly mean: number
  readonly sd: number
  /** The derivatives with respect to each requested number. */
  readonly meanSlope: Float64Array
  readonly sdSlope: Float64Array
}

const noNumbers = new Int32Array(0)
/** Lower bound on the variance, as a share of the amplitude: below it there is only rounding error. */
const leastVariance = 1e-12

export class Posterior {
  /** The function's mean at each of the rows. */
  readonly fitted: Float64Array
  readonly #width: number
  readonly #n: number
  readonly #amplitude: number
  readonly #scales: Float64Array
  readonly #rows: Float64Array
  readonly #l: Float64Array
  readonly #alpha: Float64Array
  readonly #k: Float64Array
  readonly #slopes: Float64Array
  readonly #scaled: Float64Array

  /** `rows` are encoded points, and `values` has one number for each. */
  constructor({ width, dims, choiceOf, weight }: Layout, hyper: Hyper, rows: Float64Array, values: Float64Array) {
    const n = values.length
    this.#width = width
    this.#n = n
    this.#amplitude = Math.exp(hyper[dims])
    this.#scales = weight.map((w, c) => Math.sqrt(w) * Math.exp(-hyper[choiceOf[c]]))
    this.#rows = rows.map((x, i) => x * this.#scales[i % width])
    this.#k = new Float64Array(n)
    this.#slopes = new Float64Array(n)
    this.#scaled = new Float64Array(width)
    this.#l = new Float64Array(n * n)
    let noise = Math.exp(hyper[dims + 1])
    // The hyper-parameters were fitted to fewer rows. With all rows, points close together may need more noise.
    for (; ; noise *= 10) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i; j++) this.#l[i * n + j] = this.#kernel(this.#rows, i * width, j, false)
        this.#l[i * n + i] = this.#amplitude + noise
      }
      if (cholesky(this.#l, n)) break
    }
    this.#alpha = values.slice()
    solveLower(this.#l, n, this.#alpha)
    solveUpper(this.#l, n, this.#alpha)
    this.fitted = values.map((y, i) => y - noise * this.#alpha[i])
  }

  /** Covariance of the scaled point at offset `at` of `x` and row j. */
  #kernel(x: Float64Array, at: number, j: number, slope: boolean): number {
    const r = Math.sqrt(5 * squaredDistance(x, at, this.#rows, j * this.#width, this.#width))
    const decay = this.#amplitude * Math.exp(-r)
    if (slope) this.#slopes[j] = (5 / 3) * (1 + r) * decay
    return (1 + r + (r * r) / 3) * decay
  }

  /** Mean and deviation at an encoded point, and their derivatives with respect to its `numbers`. */
  at(x: Float64Array, numbers: Int32Array = noNumbers): Prediction {
    const n = this.#n
    const k = this.#k
    const scaled = this.#scaled
    const slope = numbers.length > 0
    for (let c = 0; c < this.#width; c++) scaled[c] = x[c] * this.#scales[c]
    for (let j = 0; j < n; j++) k[j] = this.#kernel(scaled, 0, j, slope)
    const mean = dot(k, 0, this.#alpha, 0, n)
    solveLower(this.#l, n, k)
    const variance = Math.max(leastVariance * this.#amplitude, this.#amplitude - dot(k, 0, k, 0, n))
    const sd = Math.sqrt(variance)
    const meanSlope = new Float64Array(numbers.length)
    const sdSlope = new Float64Array(numbers.length)
    if (slope) {
      solveUpper(this.#l, n, k)
      for (let i = 0; i < numbers.length; i++) {
        const c = numbers[i]
        let ofMean = 0
        let ofVariance = 0
        for (let j = 0, b = c; j < n; j++, b += this.#width) {
          const dk = this.#slopes[j] * (this.#rows[b] - scaled[c])
          ofMean += this.#alpha[j] * dk
          ofVariance -= k[j] * dk
        }
        meanSlope[i] = ofMean * this.#scales[c]
        sdSlope[i] = (ofVariance * this.#scales[c]) / sd
      }
    }
    return { mean, sd, meanSlope, sdSlope }
  }
}
