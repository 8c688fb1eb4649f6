import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Filter, resample } from '../../../src/data/images/resample.ts'
import { rgbImage } from '../../../src/data/index.ts'
import { difference, noiseImage } from '../make.ts'

interface PillowCase {
  readonly size: [number, number]
  readonly box: [number, number, number, number]
  readonly out: [number, number]
  readonly filter: Filter
  readonly rgb: string
}
const { cases } = JSON.parse(readFileSync(new URL('pillow.json', import.meta.url), 'utf8')) as { cases: PillowCase[] }

const whole = (width: number, height: number) => ({ x: 0, y: 0, width, height })

test.each(cases)(
  '$size, part $box, to $out, $filter: the bytes that Pillow gives',
  ({ size, box, out, filter, rgb }) => {
    const [x, y, right, bottom] = box
    const [width, height] = out
    const got = resample(noiseImage(...size), {
      box: { x, y, width: right - x, height: bottom - y },
      ...{ width, height, window: whole(width, height), filter },
    })
    expect(Buffer.from(got.data).toString('base64')).toBe(rgb)
  },
)

test.each(['bilinear', 'bicubic'] as const)('%s: a window equals that part of the whole result', (filter) => {
  const image = noiseImage(23, 31)
  for (const [width, height] of [
    [11, 17],
    [40, 50],
    [23, 17],
    [11, 31],
  ]) {
    const options = { box: { x: 2, y: 1, width: 20, height: 30 }, width, height, filter }
    const all = resample(image, { ...options, window: whole(width, height) })
    const window = { x: 3, y: 5, width: 7, height: 9 }
    const part = resample(image, { ...options, window })
    const cut = resample(all, { box: whole(width, height), width, height, window, filter })
    expect(difference(part, cut)).toBe(0)
  }
})

test('an image of one colour keeps it at every size', () => {
  const grey = rgbImage(9, 7, new Uint8Array(9 * 7 * 3).fill(201))
  for (const filter of ['bilinear', 'bicubic'] as const)
    for (const [width, height] of [
      [1, 1],
      [3, 20],
      [31, 2],
    ]) {
      const got = resample(grey, { box: whole(9, 7), width, height, window: whole(width, height), filter })
      expect(new Set(got.data)).toEqual(new Set([201]))
    }
})
