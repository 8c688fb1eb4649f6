/** Median and quartiles of measured values. */

/** A quarter of the values lies below `lower`, half below `median`, a quarter above `upper`. */
export interface Quartiles {
  readonly lower: number
  readonly median: number
  readonly upper: number
}

/** Interpolates linearly between the two nearest values. */
export function quartiles(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (q: number) => {
    const place = q * (sorted.length - 1)
    const low = Math.floor(place)
    return sorted[low] + (place - low) * (sorted[Math.ceil(place)] - sorted[low])
  }
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) }
}
