import { expect, test } from 'vitest'
import { decodeImage } from '../../../src/data/images/node-decode.ts'
import { arrays } from '../../../src/data/index.ts'
import { pictureOf } from '../../../src/door/reports/node-pictures.ts'
import { acrossClasses, type Sample, selectSamples } from '../../../src/door/reports/samples.ts'
import { mistakesOf } from '../../../src/report/confusion.ts'
import { reportPage } from '../../../src/report/page.ts'
import { reportData } from '../../cli/report-data.ts'
import { noiseSet } from '../../data/make.ts'

test('images are taken from each class in turn', () => {
  const labels = [0, 0, 0, 0, 1, 2, 2]
  const pixels = new Uint8Array(labels.length)
  const set = arrays({ width: 1, height: 1, channels: 1, pixels, labels, classes: ['a', 'b', 'c', 'none'] })
  expect(acrossClasses(set, 5)).toEqual([0, 4, 5, 1, 6])
  expect(acrossClasses(set, 100)).toEqual([0, 4, 5, 1, 6, 2, 3])
})

test('the first samples come first, then the mistakes with the highest scores', () => {
  const sample = (index: number, truth: string, label: string, score: number): Sample => ({
    ...{ index, truth },
    answers: [{ label, score }],
  })
  const all = [sample(0, 'a', 'a', 0.9), sample(1, 'b', 'a', 0.5), sample(2, 'a', 'a', 1), sample(3, 'b', 'a', 0.8)]
  expect(selectSamples(all, 1).map((s) => s.index)).toEqual([0, 3])
  expect(selectSamples(all, 2).map((s) => s.index)).toEqual([0, 1, 3])
})

const bytesOf = (url: string) => Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')

test('a small image stays lossless, a large one becomes a small JPEG', async () => {
  const set = noiseSet(2)
  const url = await pictureOf(set, 1)
  expect(url).toMatch(/^data:image\/png;base64,/)
  expect((await decodeImage(bytesOf(url), 'picture')).data).toEqual((await set.image(1)).data)
  const large = await pictureOf(noiseSet(1, { width: 300, height: 200 }), 0, 96)
  expect(large).toMatch(/^data:image\/jpeg;base64,/)
  expect(await decodeImage(bytesOf(large), 'picture')).toMatchObject({ width: 96, height: 96 })
})

test('mistakes are sorted by number, the most common first', () => {
  const counts = [
    [5, 1, 0],
    [3, 2, 0],
    [0, 0, 9],
  ]
  expect(mistakesOf(['a', 'b', 'c'], counts)).toEqual([
    { truth: 'b', answer: 'a', images: 3 },
    { truth: 'a', answer: 'b', images: 1 },
  ])
})

test('a report of many classes lists mistakes, and a report without a twin has no comparison', () => {
  const classes = Array.from({ length: 41 }, (_, i) => `kind ${i}`)
  const confusion = classes.map((_, i) => classes.map((_, j) => (i === j ? 9 : i === 40 && j === 2 ? 7 : 0)))
  const { comparison: _, ...rest } = reportData
  const page = reportPage({ ...rest, classes, confusion })
  expect(page).toContain('41 classes; the most common mistakes among the test images:')
  expect(page).toContain('<td>kind 40</td><td>kind 2</td><td class="n">7</td>')
  expect(page).not.toContain('Cost compared with standard convolutions')
  expect(reportPage(reportData)).toContain('Cost compared with standard convolutions')
})
