import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Filter, resample } from '../../../src/data/images/resample.ts'
import { rgbImage } from '../../../src/data/index.ts'
import { fc } from '../../support/property.ts'
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

/** A part of something of that size. */
const boxes = (width: number, height: number) =>
  fc.record({ x: fc.nat(width - 1), y: fc.nat(height - 1) }).chain(({ x, y }) =>
    fc.record({
      x: fc.constant(x),
      y: fc.constant(y),
      width: fc.integer({ min: 1, max: width - x }),
      height: fc.integer({ min: 1, max: height - y }),
    }),
  )
const side = fc.integer({ min: 1, max: 40 })
const cuts = fc.record({ from: fc.tuple(side, side), to: fc.tuple(side, side) }).chain(({ from, to }) =>
  fc.record({
    from: fc.constant(from),
    to: fc.constant(to),
    box: boxes(...from),
    window: boxes(...to),
    filter: fc.constantFrom<Filter>('bilinear', 'bicubic'),
  }),
)

test('a window is that part of the whole result, whatever the sizes', () => {
  fc.assert(
    fc.property(cuts, ({ from, to: [width, height], box, window, filter }) => {
      const image = noiseImage(...from)
      const all = resample(image, { box, width, height, window: whole(width, height), filter })
      const part = resample(image, { box, width, height, window, filter })
      const cut = resample(all, { box: whole(width, height), width, height, window, filter })
      expect(difference(part, cut)).toBe(0)
    }),
  )
})

test('an image of one colour keeps it, whatever the sizes', () => {
  fc.assert(
    fc.property(cuts, fc.nat(255), ({ from, to: [width, height], box, window, filter }, level) => {
      const grey = rgbImage(...from, new Uint8Array(from[0] * from[1] * 3).fill(level))
      const got = resample(grey, { box, width, height, window, filter })
      expect(got.data).toHaveLength(window.width * window.height * 3)
      expect(new Set(got.data)).toEqual(new Set([level]))
    }),
  )
})

test('nothing outside of the box is read, and nothing brighter or darker than what is in it made by bilinear', () => {
  fc.assert(
    fc.property(cuts, ({ from, to: [width, height], box, window, filter }) => {
      const image = noiseImage(...from)
      const other = rgbImage(
        ...from,
        image.data.map((v) => v ^ 255),
      )
      for (let y = box.y; y < box.y + box.height; y++)
        for (let i = 3 * (y * from[0] + box.x); i < 3 * (y * from[0] + box.x + box.width); i++)
          other.data[i] = image.data[i]
      const options = { box, width, height, window, filter }
      const got = resample(image, options)
      expect(difference(resample(other, options), got)).toBe(0)
      if (filter !== 'bilinear') return
      const inside = resample(image, {
        ...options,
        width: box.width,
        height: box.height,
        window: whole(box.width, box.height),
      })
      expect(Math.min(...got.data)).toBeGreaterThanOrEqual(Math.min(...inside.data))
      expect(Math.max(...got.data)).toBeLessThanOrEqual(Math.max(...inside.data))
    }),
  )
})
