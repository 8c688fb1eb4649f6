/** Opening folders of classes, and their issues. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  classCounts,
  type Dataset,
  fingerprint,
  formatReport,
  type OpenedData,
  openDataset,
} from '../../src/data/node.ts'
import { fileSource, openFiles } from '../../src/data/sets/node-files.ts'
import { failureOf, folderOf, noiseImage, sharpOf } from './make.ts'

const image = await sharpOf(noiseImage(9, 7)).png().toBuffer()
const jpeg = await sharpOf(noiseImage(60, 40)).jpeg().toBuffer()
const cut = jpeg.subarray(0, 500)
const namesOf = (set: Dataset | undefined) => Array.from({ length: set?.length ?? 0 }, (_, i) => set?.name(i))
const issuesOf = ({ report }: OpenedData) => report.issues.map(({ kind, name, files }) => [kind, name, files])

/** `count` copies of the image under `folder`. */
const images = (folder: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${folder}/${i}.png`, image]))

describe('a folder of classes', () => {
  test('classes are sorted; images are found at any depth, with extensions in any case', async () => {
    const folder = folderOf({
      'dog/b.JPG': jpeg,
      'dog/a.jpeg': jpeg,
      'cat/deep/er/1.PNG': image,
      'cat/2.png': image,
      'Zebra/1.webp': await sharpOf(noiseImage(3, 3)).webp().toBuffer(),
      'ant/1.avif': await sharpOf(noiseImage(3, 3)).avif().toBuffer(),
      'ant/1.gif': await sharpOf(noiseImage(3, 3)).gif().toBuffer(),
    })
    const data = await openDataset(folder, { validation: 0 })
    expect([data.kind, data.classes, data.val, data.test]).toEqual([
      'folder',
      ['Zebra', 'ant', 'cat', 'dog'],
      undefined,
      undefined,
    ])
    expect(namesOf(data.train)).toEqual([
      'Zebra/1.webp',
      'ant/1.avif',
      'ant/1.gif',
      'cat/2.png',
      'cat/deep/er/1.PNG',
      'dog/a.jpeg',
      'dog/b.JPG',
    ])
    expect(classCounts(data.train)).toEqual([1, 2, 2, 2])
    expect([data.report.images, data.report.leftOut, data.report.issues]).toEqual([7, 0, []])
    expect((await data.train.image(3)).width).toBe(9)
  })

  test('without a split, a tenth of each class is held out, depending on the seed', async () => {
    const folder = folderOf({ ...images('cat', 20), ...images('dog', 30) })
    const data = await openDataset(folder)
    expect([classCounts(data.train), classCounts(data.val as Dataset)]).toEqual([
      [18, 27],
      [2, 3],
    ])
    const other = await openDataset(folder, { seed: 1, validation: 0.5 })
    expect(classCounts(other.val as Dataset)).toEqual([10, 15])
    const prints = await Promise.all(
      [0, 0, 1].map(async (seed) => fingerprint((await openDataset(folder, { seed })).train)),
    )
    expect(prints[0]).toBe(prints[1])
    expect(prints[0]).not.toBe(prints[2])
  })

  test("the operating system's own files are ignored", async () => {
    const folder = folderOf({
      ...images('cat', 1),
      ...images('dog', 1),
      '.DS_Store': 'x',
      'cat/Thumbs.db': 'x',
      'cat/.hidden.png': 'x',
      'dog/desktop.ini': 'x',
      '__MACOSX/cat/1.png': 'x',
    })
    const { report, classes } = await openDataset(folder, { strict: true, validation: 0 })
    expect([report.issues, classes]).toEqual([[], ['cat', 'dog']])
  })

  test('links are followed, and a circular link is refused', async () => {
    const folder = folderOf({ ...images('cat', 1), ...images('dog', 1) })
    symlinkSync(join(folder, 'dog'), join(folder, 'wolf'))
    symlinkSync(join(folder, 'cat/0.png'), join(folder, 'dog/linked.png'))
    const data = await openDataset(folder, { validation: 0 })
    expect([data.classes, classCounts(data.train)]).toEqual([
      ['cat', 'dog', 'wolf'],
      [1, 2, 2],
    ])
    symlinkSync(folder, join(folder, 'cat/up'))
    expect(await failureOf(openDataset(folder))).toMatch(/: a link to a folder that contains it: remove it$/)
  })

  test('file names in any script', async () => {
    const folder = folderOf({ 'Кот/фото 1.png': image, '犬/é.png': image })
    const { train } = await openDataset(folder, { validation: 0 })
    expect([namesOf(train), train.classes]).toEqual([
      ['Кот/фото 1.png', '犬/é.png'],
      ['Кот', '犬'],
    ])
    expect((await train.image(1)).width).toBe(9)
  })

  test('a list of many paths takes little more memory than their bytes, and threads share it', () => {
    const paths = Array.from({ length: 100_000 }, (_, i) => `class ${i % 10}/image ${i}.jpg`)
    const source = fileSource(
      '/photos',
      paths,
      paths.map((_, i) => i % 10),
    )
    expect(source.paths.length).toBe(paths.reduce((n, path) => n + path.length, 0))
    const shared = [source.paths, source.ends, source.labels]
    expect(shared.every((part) => part.buffer instanceof SharedArrayBuffer)).toBe(true)
    expect(shared.reduce((n, part) => n + part.byteLength, 0)).toBeLessThan(100_000 * 40)
    const set = openFiles(source, [])
    expect([set.name(0), set.name(99_999), set.label(99_999)]).toEqual([
      'class 0/image 0.jpg',
      'class 9/image 99999.jpg',
      9,
    ])
  })
})

describe('a folder with a split', () => {
  test.each([
    ['train', 'val', 'val'],
    ['train', 'valid', 'valid'],
    ['Training', 'Validation', 'Validation'],
    ['train', 'test', 'test'],
  ])('%s and %s', async (train, other, val) => {
    const folder = folderOf({
      ...images(`${train}/cat`, 3),
      ...images(`${train}/dog`, 2),
      ...images(`${other}/dog`, 1),
    })
    const data = await openDataset(folder)
    expect([data.classes, data.train.length, namesOf(data.val), data.test]).toEqual([
      ['cat', 'dog'],
      5,
      [`${val}/dog/0.png`],
      undefined,
    ])
    expect(data.val?.label(0)).toBe(1)
    expect(data.report.images).toBe(6)
  })

  test('train, val and test', async () => {
    const part = (name: string) => ({ ...images(`${name}/cat`, 1), ...images(`${name}/dog`, 1) })
    const data = await openDataset(folderOf({ ...part('train'), ...part('val'), ...part('test') }))
    expect([data.train, data.val, data.test].map((set) => namesOf(set)[0])).toEqual([
      'train/cat/0.png',
      'val/cat/0.png',
      'test/cat/0.png',
    ])
  })

  test('train alone is split by the seed', async () => {
    const data = await openDataset(folderOf({ ...images('train/cat', 10), ...images('train/dog', 10) }))
    expect([data.train.length, data.val?.length, data.classes]).toEqual([18, 2, ['cat', 'dog']])
  })

  test('classes that are called train and test are classes', async () => {
    const vehicles = await openDataset(folderOf({ ...images('train', 2), ...images('bus', 2) }), { validation: 0 })
    expect(vehicles.classes).toEqual(['bus', 'train'])
    const words = await openDataset(folderOf({ ...images('train', 2), ...images('test', 2) }), { validation: 0 })
    expect(words.classes).toEqual(['test', 'train'])
  })
})

describe('unusable files are left out, counted and reported', () => {
  const messy = () =>
    folderOf({
      'README.txt': 'hello',
      ...images('train/cat', 3),
      'train/cat/notes.txt': 'hello',
      'train/cat/cut.jpg': cut,
      'train/cat/zero.png': '',
      ...images('train/dog', 2),
      'train/empty/': '',
      'train/broken/1.jpg': cut,
      'train/loose.png': image,
      ...images('val/cat', 1),
      ...images('val/fox', 2),
      'val/dog/text.jpg': 'not an image',
    })
  const damaged = 'the JPEG file is damaged or cut off: replace or remove it'
  const unknown = 'not a JPEG, PNG, WebP, AVIF or GIF file: convert it to one of these, or remove it'

  test('the report', async () => {
    const folder = messy()
    const data = await openDataset(folder)
    expect([data.classes, classCounts(data.train), namesOf(data.val)]).toEqual([
      ['cat', 'dog'],
      [3, 2],
      ['val/cat/0.png'],
    ])
    expect([data.report.images, data.report.leftOut]).toEqual([6, 9])
    expect(issuesOf(data)).toEqual([
      ['notImage', 'train/cat/notes.txt', 1],
      ['stray', 'train/loose.png', 1],
      ['damaged', 'train/broken/1.jpg', 1],
      ['damaged', 'train/cat/cut.jpg', 1],
      ['damaged', 'train/cat/zero.png', 1],
      ['emptyClass', 'train/broken', 0],
      ['emptyClass', 'train/empty', 0],
      ['stray', 'README.txt', 1],
      ['unknownClass', 'val/fox', 2],
      ['damaged', 'val/dog/text.jpg', 1],
      ['emptyClass', 'val/dog', 0],
    ])
    expect(formatReport(data.report)).toBe(`${folder}: 6 images, 9 files left out
  4 damaged images:
    train/broken/1.jpg: ${damaged}
    train/cat/cut.jpg: ${damaged}
    train/cat/zero.png: the file is empty: replace or remove it
    val/dog/text.jpg: ${unknown}
  1 file that is not an image:
    train/cat/notes.txt
  2 files outside a class folder:
    train/loose.png
    README.txt
  3 classes without images:
    train/broken: all of its images are damaged
    train/empty
    val/dog: all of its images are damaged
  1 unknown class:
    val/fox: 2 images`)
    expect(formatReport(data.report, 2)).toContain(`    train/cat/cut.jpg: ${damaged}\n    and 2 more\n`)
  })

  test('strict throws an error with the same text', async () => {
    const folder = messy()
    const report = formatReport((await openDataset(folder)).report)
    expect(await failureOf(openDataset(folder, { strict: true }))).toBe(
      `KingletError: ${report}\n  Repair or remove these files, or turn strict off to leave them out.`,
    )
  })

  test('without the check, damaged images stay, and reading one throws an error that names it', async () => {
    const folder = folderOf({ ...images('cat', 1), 'dog/cut.jpg': cut })
    const { train, report } = await openDataset(folder, { check: false, validation: 0 })
    expect([train.length, report.issues]).toEqual([2, []])
    expect(await failureOf(Promise.resolve(train.image(1)))).toBe(`KingletError: dog/cut.jpg: ${damaged}`)
  })

  test('the check reports its progress, and a signal stops it', async () => {
    const folder = folderOf({ ...images('cat', 20), ...images('dog', 1) })
    const progress: number[][] = []
    await openDataset(folder, { onProgress: (done, of) => progress.push([done, of]) })
    expect(progress).toEqual([
      [16, 21],
      [21, 21],
    ])
    expect(await failureOf(openDataset(folder, { signal: AbortSignal.abort() }))).toMatch(/^AbortError: /)
  })

  test("a model's classes keep their order, and other classes are left out", async () => {
    const folder = folderOf({ ...images('cat', 1), ...images('dog', 2), ...images('fox', 3) })
    const data = await openDataset(folder, { classes: ['dog', 'wolf', 'cat'], validation: 0 })
    expect([data.classes, classCounts(data.train), issuesOf(data)]).toEqual([
      ['dog', 'wolf', 'cat'],
      [2, 0, 1],
      [['unknownClass', 'fox', 3]],
    ])
    const one = await openDataset(folder, { classes: ['fox', 'hen'], validation: 0 })
    expect(classCounts(one.train)).toEqual([3, 0])
    expect(await failureOf(openDataset(folder, { classes: ['hen', 'cow'] }))).toBe(
      `KingletError: ${folder}: none of its classes (cat, dog, fox) is a class of the model (hen, cow)`,
    )
  })
})

describe('folders that cannot be opened', () => {
  const failure = (files: Readonly<Record<string, Uint8Array | string>>, options = {}) => {
    const folder = folderOf(files)
    return failureOf(openDataset(folder, options)).then((message) => message.replaceAll(folder, 'photos'))
  }

  test('no folder, or a file', async () => {
    expect(await failureOf(openDataset('no/such'))).toBe('KingletError: no/such: there is no such folder')
    const folder = folderOf({ 'photos.zip': 'x' })
    expect(await failureOf(openDataset(join(folder, 'photos.zip')))).toBe(
      `KingletError: ${folder}/photos.zip: a file, not a folder: unpack it, and give the folder`,
    )
  })

  const kinds = `It must contain one of these:
  one folder per class: photos/cat/1.jpg, photos/dog/1.jpg
  train and val, each with one folder per class: photos/train/cat/1.jpg, photos/val/cat/2.jpg
  IDX files: train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or .gz
  CIFAR binary files: data_batch_1.bin (CIFAR-10) or train.bin (CIFAR-100), plain or .gz`

  test('an empty folder, and a folder of unrecognised files', async () => {
    expect(await failure({})).toBe(`KingletError: photos: not a dataset: it is empty. ${kinds}`)
    expect(await failure({ '1.jpg': jpeg, '2.jpg': jpeg })).toBe(
      `KingletError: photos: not a dataset: it has 2 files (1.jpg, ...) and no folders. ${kinds}`,
    )
  })

  test('folders without images, one class only, only damaged images', async () => {
    expect(await failure({ 'cat/': '', 'dog/notes.txt': 'x' })).toBe(
      'KingletError: photos: there are no images in its folders (cat, dog): use JPEG, PNG, WebP, AVIF or GIF files',
    )
    expect(await failure(images('cat', 3))).toBe(
      'KingletError: photos: there is only one class (cat): a classifier needs two or more, each in its own folder (photos/cat/1.jpg, photos/dog/1.jpg)',
    )
    expect(await failure({ ...images('unpacked/cat', 1), ...images('unpacked/dog', 1) })).toBe(
      'KingletError: photos: there is only one class (unpacked): a classifier needs two or more. ' +
        'Its images are in 2 folders: did you mean photos/unpacked?',
    )
    expect(await failure({ 'cat/1.jpg': cut, 'dog/1.jpg': cut })).toBe(
      'KingletError: photos: every image is damaged (the first is cat/1.jpg): replace them',
    )
    expect(await failure({ ...images('train/cat', 1), ...images('train/dog', 1), 'val/': '' })).toMatch(
      /^KingletError: photos\/val: there are no images/,
    )
  })

  test('an invalid fraction', async () => {
    expect(await failure(images('cat', 1), { validation: 1 })).toBe(
      'KingletError: photos: validation is 1: it must be a fraction of at least 0 and below 1',
    )
  })
})
