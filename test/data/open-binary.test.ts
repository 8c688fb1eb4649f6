/** Opening folders with the files of MNIST, Fashion-MNIST and CIFAR. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { classCounts, type Dataset, openDataset, type RgbImage } from '../../src/data/node.ts'
import { optional } from '../support/optional.ts'
import { root } from '../support/sources.ts'
import { cifarRecord, failureOf, folderOf, idxBytes, noise } from './make.ts'

describe('IDX files', () => {
  const parts = (held: string, dash = '-') => ({
    [`train-images${dash}idx3-ubyte`]: idxBytes([6, 3, 2], noise),
    [`train-labels${dash}idx1-ubyte`]: idxBytes([6], (i) => i % 3),
    [`${held}-images${dash}idx3-ubyte`]: idxBytes([2, 3, 2], (i) => noise(100 + i)),
    [`${held}-labels${dash}idx1-ubyte`]: idxBytes([2], (i) => i),
  })
  const gzipped = (files: Readonly<Record<string, Buffer>>) =>
    Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]))

  test.each([
    ['t10k', '-'],
    ['test', '-'],
    ['t10k', '.'],
  ])('plain and gzipped give the same: train and %s, with a "%s"', async (held, dash) => {
    const plain = await openDataset(folderOf(parts(held, dash)))
    const packed = await openDataset(folderOf(gzipped(parts(held, dash))))
    for (const data of [plain, packed]) {
      expect([data.kind, data.classes, data.train.length, data.val?.length]).toEqual(['idx', ['0', '1', '2'], 6, 2])
      expect([...((await (data.val as Dataset).image(1)) as RgbImage).data].filter((_, i) => i % 3 === 0)).toEqual(
        Array.from({ length: 6 }, (_, i) => noise(106 + i)),
      )
    }
    expect(packed.train.name(4)).toBe(`train-images${dash}idx3-ubyte.gz image 4`)
  })

  test('class names come from classes.txt or the model, and must agree', async () => {
    const folder = folderOf({ ...parts('t10k'), 'classes.txt': 'ant\nbee\r\ncat\n' })
    expect((await openDataset(folder)).classes).toEqual(['ant', 'bee', 'cat'])
    expect(await failureOf(openDataset(folder, { classes: ['bee', 'ant', 'cat'] }))).toBe(
      `KingletError: ${folder}: its classes are ant, bee, cat, the model's are bee, ant, cat`,
    )
    expect((await openDataset(folderOf(parts('t10k')), { classes: ['x', 'y', 'z', 'w'] })).classes).toEqual([
      'x',
      'y',
      'z',
      'w',
    ])
  })

  test('without test files, training images are held out', async () => {
    const { 't10k-images-idx3-ubyte': _, 't10k-labels-idx1-ubyte': __, ...train } = parts('t10k')
    const data = await openDataset(folderOf(train), { validation: 0.4 })
    expect([data.train.length, data.val?.length]).toEqual([3, 3])
  })

  test('one class only', async () => {
    const folder = folderOf({ ...parts('t10k'), 'train-labels-idx1-ubyte': idxBytes([6], () => 0) })
    expect(await failureOf(openDataset(folder))).toMatch(/label 1 of image 1 has no class/)
    const { 't10k-images-idx3-ubyte': _, ...train } = parts('t10k')
    expect(
      await failureOf(openDataset(folderOf({ ...train, 'train-labels-idx1-ubyte': idxBytes([6], () => 0) }))),
    ).toMatch(/: there is only one class \(0\): a classifier needs two or more$/)
  })

  test('missing labels, and a damaged gzip file', async () => {
    const { 'train-labels-idx1-ubyte': _, ...rest } = parts('t10k')
    const folder = folderOf(rest)
    expect(await failureOf(openDataset(folder))).toBe(
      `KingletError: ${folder}: there is train-images-idx3-ubyte, but no train-labels-idx1-ubyte`,
    )
    const packed = gzipped(parts('t10k'))
    const images = packed['train-images-idx3-ubyte.gz']
    for (const [bytes, words] of [
      [images.subarray(0, images.length - 12), 'unexpected end of file'],
      [Buffer.from('hello, I am no gzip file'), 'incorrect header check'],
    ] as const)
      expect(await failureOf(openDataset(folderOf({ ...packed, 'train-images-idx3-ubyte.gz': bytes })))).toBe(
        `KingletError: train-images-idx3-ubyte.gz: damaged gzip (${words}): get the file again`,
      )
  })
})

describe('CIFAR files', () => {
  const record = (...labels: number[]) => cifarRecord(labels, noise)

  test('CIFAR-10: batches in order, names from batches.meta.txt', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `thing ${i}`)
    const data = await openDataset(
      folderOf({
        'data_batch_2.bin': record(2),
        'data_batch_1.bin.gz': gzipSync(record(1)),
        'test_batch.bin': Buffer.concat([record(7), record(8)]),
        'batches.meta.txt': `${names.join('\n')}\n\n`,
        'readme.html': 'x',
      }),
    )
    expect([data.kind, data.classes]).toEqual(['cifar-10', names])
    expect([data.train.label(0), data.train.label(1), data.val?.label(0), data.val?.label(1)]).toEqual([1, 2, 7, 8])
  })

  test('CIFAR-100: names from fine_label_names.txt', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `fine ${i}`)
    const data = await openDataset(
      folderOf({
        'train.bin': Buffer.concat([record(0, 42), record(1, 43)]),
        'test.bin.gz': gzipSync(record(0, 99)),
        'fine_label_names.txt': names.join('\n'),
        'coarse_label_names.txt': 'x',
      }),
    )
    expect([data.kind, data.classes, data.train.label(1), data.val?.label(0)]).toEqual(['cifar-100', names, 43, 99])
  })
})

describe('Fashion-MNIST', () => {
  test('the slice in the repository is balanced', async () => {
    const data = await openDataset(join(root, 'data/fashion-mnist'), { strict: true })
    expect([classCounts(data.train), classCounts(data.val as Dataset)]).toEqual([
      new Array(10).fill(1000),
      new Array(10).fill(200),
    ])
    expect(data.classes).toEqual([
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ])
    const licence = readFileSync(join(root, 'data/fashion-mnist/README.md'), 'utf8')
    expect(licence).toContain('Copyright © 2017 Zalando SE, https://tech.zalando.com')
    expect(licence).toContain('Permission is hereby granted, free of charge')
  })

  const full = optional('dataset-fashion-mnist')
  test.skipIf(!full)('the slice is the first images of each class of the full set', async () => {
    const slice = await openDataset(join(root, 'data/fashion-mnist'))
    const all = await openDataset(full as string)
    expect([all.train.length, all.val?.length, all.classes]).toEqual([60_000, 10_000, slice.classes])
    for (const [part, whole, perClass] of [
      [slice.train, all.train, 1000],
      [slice.val as Dataset, all.val as Dataset, 200],
    ] as const) {
      const taken = new Array(10).fill(0)
      let next = 0
      for (let i = 0; i < whole.length; i++) {
        if (taken[whole.label(i)]++ >= perClass) continue
        if (part.label(next) !== whole.label(i)) expect.fail(`label ${next} is not that of image ${i}`)
        const [mine, theirs] = [(await part.image(next)) as RgbImage, (await whole.image(i)) as RgbImage]
        if (Buffer.compare(mine.data, theirs.data) !== 0) expect.fail(`image ${next} is not image ${i}`)
        next++
      }
      expect(next).toBe(part.length)
    }
  })

  test('is recognised by the name of the folder or its parent', async () => {
    const folder = folderOf({ 'FashionMNIST/raw/': '' })
    cpSync(join(root, 'data/fashion-mnist'), join(folder, 'FashionMNIST/raw'), { recursive: true })
    expect((await openDataset(join(folder, 'FashionMNIST/raw'))).classes[9]).toBe('Ankle boot')
    writeFileSync(
      join(folder, 'FashionMNIST/raw/classes.txt'),
      Array.from({ length: 10 }, (_, i) => `c${i}`).join('\n'),
    )
    expect((await openDataset(join(folder, 'FashionMNIST/raw'))).classes[9]).toBe('c9')
  })
})
