/** Hides parts of an image: cutout and random erasing. Both return new images. */
import type { Rng } from '../../core/index.ts'
import { type RgbImage, rgbImage } from '../images/image.ts'
import { randomBox } from './geometry.ts'

/** Writes `colour(channel)` over the part of the rectangle that lies inside the image. */
function cover(
  { width, height, data }: RgbImage,
  [left, top, right, bottom]: readonly [number, number, number, number],
  colour: (channel: number) => number,
): RgbImage {
  const out = data.slice()
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y++)
    for (let x = Math.max(0, left); x < Math.min(width, right); x++)
      for (let c = 0; c < 3; c++) out[(y * width + x) * 3 + c] = colour(c)
  return rgbImage(width, height, out)
}

/** Fills a square with `colour`. `side` is a fraction of the shorter side; the centre may be any pixel. */
export function cutout(image: RgbImage, side: number, colour: readonly number[], rng: Rng): RgbImage {
  const pixels = Math.round(side * Math.min(image.width, image.height))
  const left = rng.integer(image.width) - (pixels >> 1)
  const top = rng.integer(image.height) - (pixels >> 1)
  return cover(image, [left, top, left + pixels, top + pixels], (c) => colour[c])
}

/** Fills a rectangle, drawn like that of a random resized crop, with uniform random bytes. */
export function erase(image: RgbImage, options: Parameters<typeof randomBox>[1], rng: Rng): RgbImage {
  const { x, y, width, height } = randomBox(image, options, rng)
  return cover(image, [x, y, x + width, y + height], () => rng.integer(256))
}
