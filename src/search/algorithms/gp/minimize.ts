/**
 * A minimiser for smooth functions of a few variables within bounds: limited-memory BFGS (Nocedal 1980). Steps are
 * clipped at the bounds, and a variable that presses against its bound is left out of the direction. The function may
 * return infinity where it has no value; such steps are shortened. The result depends on the arguments alone, to the
 * bit.
 */
import { dot } from './linear-algebra.ts'

/** Returns the value at x and writes the derivatives into `gradient`. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number

export interface Bounds {
  readonly low: Float64Array
  readonly high: Float64Array
}

const memory = 8
/** Share of the decrease predicted by the slope that a step must achieve (Armijo). */
const enough = 1e-4

interface Pair {
  readonly s: Float64Array
  readonly y: Float64Array
  readonly rho: number
}

/** The two-loop recursion: multiplies `g` by the approximate inverse Hessian. */
function precondition(g: Float64Array, pairs: readonly Pair[]): void {
  const n = g.length
  const a = pairs.map(() => 0)
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, rho } = pairs[i]
    a[i] = rho * dot(s, 0, g, 0, n)
    for (let k = 0; k < n; k++) g[k] -= a[i] * y[k]
  }
  const last = pairs.at(-1)
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, 0, last.y, 0, n))
    for (let k = 0; k < n; k++) g[k] *= scale
  }
  for (let i = 0; i < pairs.length; i++) {
    const { s, y, rho } = pairs[i]
    const b = rho * dot(y, 0, g, 0, n)
    for (let k = 0; k < n; k++) g[k] += (a[i] - b) * s[k]
  }
}

export interface MinimizeOptions extends Bounds {
  readonly iterations: number
  /** Length of the first step, in the unit of the variables. */
  readonly firstStep: number
  /** Stops when a step gains less than this, relative to 1 + |value|. Default 1e-9. */
  readonly gain?: number
}

/** The lowest point found from `start`, and its value. */
export function minimize(
  f: Smooth,
  start: Float64Array,
  { low, high, iterations, firstStep, gain = 1e-9 }: MinimizeOptions,
): { x: Float64Array; value: number } {
  const n = start.length
  let x = start.map((v, k) => Math.min(high[k], Math.max(low[k], v)))
  let g = new Float64Array(n)
  let value = f(x, g)
  let pairs: Pair[] = []
  const direction = new Float64Array(n)
  for (let iteration = 0; iteration < iterations && Number.isFinite(value); iteration++) {
    const held = x.map((v, k) => Number((v <= low[k] && g[k] > 0) || (v >= high[k] && g[k] < 0)))
    const downhill = () => {
      for (let k = 0; k < n; k++) direction[k] = held[k] ? 0 : g[k]
      precondition(direction, pairs)
      for (let k = 0; k < n; k++) direction[k] = held[k] ? 0 : -direction[k]
      return dot(direction, 0, g, 0, n)
    }
    if (!(downhill() < 0)) {
      pairs = []
      if (!(downhill() < 0)) break
    }
    let step = pairs.length ? 1 : firstStep / Math.sqrt(dot(direction, 0, direction, 0, n))
    let next = x
    let nextG = g
    let lower = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 20; tries++, step *= 0.4) {
      next = x.map((v, k) => Math.min(high[k], Math.max(low[k], v + step * direction[k])))
      nextG = new Float64Array(n)
      lower = f(next, nextG)
      let promised = 0
      for (let k = 0; k < n; k++) promised += g[k] * (next[k] - x[k])
      if (lower <= value + enough * promised) break
      lower = Number.POSITIVE_INFINITY
    }
    if (!(lower < value)) {
      if (pairs.length === 0) break
      pairs = []
      continue
    }
    const s = next.map((v, k) => v - x[k])
    const y = nextG.map((v, k) => v - g[k])
    const sy = dot(s, 0, y, 0, n)
    if (sy > 1e-10 * dot(y, 0, y, 0, n)) pairs = [...pairs, { s, y, rho: 1 / sy }].slice(-memory)
    const gained = value - lower
    x = next
    g = nextG
    value = lower
    if (gained < gain * (1 + Math.abs(value))) break
  }
  return { x, value }
}
