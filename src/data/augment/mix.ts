/**
 * mixup (Zhang et al. 2018, arXiv:1710.09412) and CutMix (Yun et al. 2019, arXiv:1905.04899). Each image of a batch is
 * mixed with the next, the last with the first, and the targets in the same proportion. One share is drawn for the
 * whole batch.
 */
import type { Rng } from '../../core/index.ts'
import type { Augmentation } from './augmentation.ts'

/** A batch to mix: `x` is `[count, height, width, 3]`, `targets` is `[count, classes]`. */
export interface Mixable {
  readonly x: Float32Array
  readonly targets: Float32Array
  readonly count: number
  readonly height: number
  readonly width: number
}

/** Mixes in place by mixup, by CutMix, by one of the two at random, or not at all, as `augmentation` says. */
export function mix(batch: Mixable, { mixup, cutmix }: Augmentation, rng: Rng): void {
  if (batch.count < 2 || (!mixup && !cutmix)) return
  const blend = mixup && cutmix ? rng.uniform() < 0.5 : !!mixup
  if (blend) mixupInPlace(batch, beta(mixup as number, rng))
  else cutmixInPlace(batch, beta(cutmix as number, rng), rng)
}

/** Blends `share` of each image with the rest from the next. */
export function mixupInPlace({ x, targets, count }: Mixable, share: number): void {
  for (const all of [x, targets])
    withNext(all, count, (own, next) => {
      for (let i = 0; i < own.length; i++) own[i] = share * own[i] + (1 - share) * next[i]
    })
}

/**
 * Replaces a rectangle of 1 - `share` of the area by that of the next image. The centre may be anywhere. The targets
 * follow the part of the rectangle that lies inside the image.
 */
export function cutmixInPlace({ x, targets, count, height, width }: Mixable, share: number, rng: Rng): void {
  const side = Math.sqrt(1 - share)
  const span = (length: number): readonly [number, number] => {
    const half = Math.floor((length * side) / 2)
    const centre = rng.integer(length)
    return [Math.max(0, centre - half), Math.min(length, centre + half)]
  }
  const [left, right] = span(width)
  const [top, bottom] = span(height)
  withNext(x, count, (own, next) => {
    for (let y = top; y < bottom; y++) {
      const [from, to] = [(y * width + left) * 3, (y * width + right) * 3]
      own.set(next.subarray(from, to), from)
    }
  })
  const inside = ((right - left) * (bottom - top)) / (width * height)
  withNext(targets, count, (own, next) => {
    for (let i = 0; i < own.length; i++) own[i] = (1 - inside) * own[i] + inside * next[i]
  })
}

/** Calls `change` with each of `count` rows and the unchanged next row; the first follows the last. */
function withNext(rows: Float32Array, count: number, change: (own: Float32Array, next: Float32Array) => void): void {
  const length = rows.length / count
  const first = rows.slice(0, length)
  for (let i = 0; i < count; i++) {
    const next = i + 1 < count ? rows.subarray((i + 1) * length, (i + 2) * length) : first
    change(rows.subarray(i * length, (i + 1) * length), next)
  }
}

/** Draws from Beta(alpha, alpha), using two draws from Gamma(alpha). */
export function beta(alpha: number, rng: Rng): number {
  const [a, b] = [gamma(alpha, rng), gamma(alpha, rng)]
  // Both may underflow when alpha is tiny. The distribution is then that of a coin.
  return a + b > 0 ? a / (a + b) : rng.integer(2)
}

/** Draws from Gamma(shape, 1): Marsaglia and Tsang 2000, "A simple method for generating gamma variables". */
function gamma(shape: number, rng: Rng): number {
  if (shape < 1) return gamma(shape + 1, rng) * (1 - rng.uniform()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const n = rng.normal()
    const v = (1 + c * n) ** 3
    if (v > 0 && Math.log(1 - rng.uniform()) < 0.5 * n * n + d * (1 - v + Math.log(v))) return d * v
  }
}
