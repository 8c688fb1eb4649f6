/** Geometric changes: random resized crop, flip, shift by whole pixels, and affine maps. All return new images. */
import type { Rng } from '../../core/index.ts'
import { type RgbImage, rgbImage } from '../images/image.ts'
import { type Box, type Filter, resample } from '../images/resample.ts'

/**
 * The rectangle of a random resized crop. `area` (as a fraction) and `ratio` (width / height, uniform on a logarithmic
 * scale) are drawn up to ten times until the rectangle fits. If none fits, the result is the largest rectangle in the
 * middle with an allowed ratio.
 */
export function randomBox(
  { width, height }: { readonly width: number; readonly height: number },
  { area, ratio }: { readonly area: readonly [number, number]; readonly ratio: readonly [number, number] },
  rng: Rng,
): Box {
  for (let attempt = 0; attempt < 10; attempt++) {
    const pixels = width * height * rng.between(...area)
    const aspect = Math.exp(rng.between(Math.log(ratio[0]), Math.log(ratio[1])))
    const w = Math.round(Math.sqrt(pixels * aspect))
    const h = Math.round(Math.sqrt(pixels / aspect))
    if (w > 0 && h > 0 && w <= width && h <= height)
      return { x: rng.integer(width - w + 1), y: rng.integer(height - h + 1), width: w, height: h }
  }
  const aspect = Math.min(Math.max(width / height, ratio[0]), ratio[1])
  const w = Math.min(width, Math.max(1, Math.round(height * aspect)))
  const h = Math.min(height, Math.max(1, Math.round(width / aspect)))
  return { x: (width - w) >> 1, y: (height - h) >> 1, width: w, height: h }
}

/** `box` of `image`, resized to `size`. */
export function cropResize(
  image: RgbImage,
  box: Box,
  { size: [height, width], filter }: { readonly size: readonly [number, number]; readonly filter: Filter },
): RgbImage {
  return resample(image, { box, width, height, window: { x: 0, y: 0, width, height }, filter })
}

/** Exchanges left and right. */
export function flip({ width, height, data }: RgbImage): RgbImage {
  const out = new Uint8Array(data.length)
  for (let y = 0; y < height; y++)
    for (let x = 0, from = y * width * 3, to = from + (width - 1) * 3; x < width; x++, from += 3, to -= 3) {
      out[to] = data[from]
      out[to + 1] = data[from + 1]
      out[to + 2] = data[from + 2]
    }
  return rgbImage(width, height, out)
}

/** Moves the image `dx` pixels to the right and `dy` down. The uncovered part is black. */
export function shift({ width, height, data }: RgbImage, dx: number, dy: number): RgbImage {
  const out = new Uint8Array(data.length)
  const columns = width - Math.abs(dx)
  for (let y = Math.max(0, dy); y < Math.min(height, height + dy) && columns > 0; y++) {
    const from = ((y - dy) * width + Math.max(0, -dx)) * 3
    out.set(data.subarray(from, from + columns * 3), (y * width + Math.max(0, dx)) * 3)
  }
  return rgbImage(width, height, out)
}

/** Where the pixel at x, y comes from: `[x', y'] = [[a, b], [c, d]] [x, y] + [e, f]`, about the centre of the image. */
export interface Affine {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
  readonly e: number
  readonly f: number
}

const identity: Affine = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }

/** A clockwise rotation by `degrees`. */
export function rotation(degrees: number): Affine {
  const radians = (degrees * Math.PI) / 180
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)]
  return { ...identity, a: cos, b: sin, c: -sin, d: cos }
}

export const shearX = (by: number): Affine => ({ ...identity, b: by })
export const shearY = (by: number): Affine => ({ ...identity, c: by })
export const translation = (dx: number, dy: number): Affine => ({ ...identity, e: -dx, f: -dy })

/** Applies `map` to the image, with bilinear interpolation and black beyond the border. */
export function transform({ width, height, data }: RgbImage, { a, b, c, d, e, f }: Affine): RgbImage {
  const out = new Uint8Array(data.length)
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2]
  const line = width * 3
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 3) {
      const u = a * (x - cx) + b * (y - cy) + e + cx
      const v = c * (x - cx) + d * (y - cy) + f + cy
      const [left, top] = [Math.floor(u), Math.floor(v)]
      if (left < -1 || top < -1 || left >= width || top >= height) continue
      const [fx, fy] = [u - left, v - top]
      // Weights of the four neighbours. Those beyond the border are black and have weight 0.
      const inX0 = left >= 0 ? 1 - fx : 0
      const inX1 = left + 1 < width ? fx : 0
      const inY0 = top >= 0 ? 1 - fy : 0
      const inY1 = top + 1 < height ? fy : 0
      const from = top * line + left * 3
      for (let k = 0; k < 3; k++) {
        let sum = 0
        if (inX0 * inY0 > 0) sum += data[from + k] * inX0 * inY0
        if (inX1 * inY0 > 0) sum += data[from + 3 + k] * inX1 * inY0
        if (inX0 * inY1 > 0) sum += data[from + line + k] * inX0 * inY1
        if (inX1 * inY1 > 0) sum += data[from + line + 3 + k] * inX1 * inY1
        out[to + k] = Math.round(sum)
      }
    }
  return rgbImage(width, height, out)
}
