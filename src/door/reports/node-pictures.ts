/** Encodes images of a set for report pages, with sharp. */
import { type Dataset, resizeAndCrop } from '../../data/index.ts'
import { loadSharp } from '../../data/node.ts'

/** Returns an image as a `data:` URL. Larger images are scaled down to `side` pixels. */
export async function pictureOf(data: Dataset, index: number, side = 144): Promise<string> {
  const whole = await data.image(index)
  const isLarge = Math.min(whole.width, whole.height) > side
  const view = {
    size: [side, side],
    fit: 'crop',
    crop: 1,
    filter: 'bilinear',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  } as const
  const { width, height, data: bytes } = isLarge ? resizeAndCrop(whole, view) : whole
  const image = (await loadSharp())(bytes, { raw: { width, height, channels: 3 } })
  // Small images are shown pixel by pixel and need PNG; photos may be compressed with loss.
  const [type, coded] = isLarge ? ['jpeg', image.jpeg({ quality: 80 })] : ['png', image.png()]
  return `data:image/${type};base64,${(await (coded as typeof image).toBuffer()).toString('base64')}`
}
