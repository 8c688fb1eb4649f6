/** A classifier in Node: answers for images and batches. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Tensor, tensor, zeros } from '../../src/core/index.ts'
import { preprocess } from '../../src/data/index.ts'
import type { Engine, Program } from '../../src/engine/index.ts'
import { arrays, Classifier, type ImageSource, load, toBytes, train } from '../../src/index.ts'
import { nodePlatform } from '../../src/platform/node/platform.ts'
import { failureOf, folderOf, sharpOf, smoothImage } from '../data/make.ts'
import { classes, tinyBytes } from './models.ts'

const picture = smoothImage(60, 40)
const batchOf = (n: number) => Float32Array.from({ length: n * 24 * 24 * 3 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)

let model: Classifier
const folder = folderOf({})
beforeAll(async () => {
  model = await load(tinyBytes(), { threads: 1 })
  const turned = await sharpOf(picture).rotate(-90).png().toBuffer()
  const files = {
    'picture.png': sharpOf(picture).png(),
    'picture.webp': sharpOf(picture).webp({ lossless: true }),
    'picture.jpg': sharpOf(picture).jpeg({ quality: 95 }),
    'turned.jpg': sharp(turned).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }),
    'picture.avif': sharpOf(picture).avif({ quality: 90 }),
  }
  for (const [name, image] of Object.entries(files)) writeFileSync(join(folder, name), await image.toBuffer())
  writeFileSync(join(folder, 'damaged.png'), (await sharpOf(picture).png().toBuffer()).subarray(0, 60))
  writeFileSync(join(folder, 'notes.txt'), 'no picture')
})
afterAll(() => model.dispose())

describe('classify', () => {
  test('answers are sorted by score, and there are at most top of them', async () => {
    const all = await model.classify(picture)
    expect(all.map((a) => a.label).sort()).toEqual(classes)
    expect(all.reduce((sum, a) => sum + a.score, 0)).toBeCloseTo(1, 12)
    expect(all.map((a) => a.score)).toEqual(all.map((a) => a.score).sort((a, b) => b - a))
    expect(await model.classify(picture, { top: 2 })).toEqual(all.slice(0, 2))
    expect(await model.classify(picture, { top: 9 })).toEqual(all)
  })

  test('the preprocessing of the file is applied', async () => {
    const { data } = await model.run(preprocess(picture, model.preprocessing))
    const [best] = await model.classify(picture, { top: 1 })
    expect(best.label).toBe(classes[data.indexOf(Math.max(...data))])
  })

  test('every kind of source gives the same answers', async () => {
    const expected = await model.classify(picture)
    const path = join(folder, 'picture.png')
    const png = new Uint8Array(await sharpOf(picture).png().toBuffer())
    const rgba = new Uint8ClampedArray(await sharpOf(picture).ensureAlpha().raw().toBuffer())
    const sources: ImageSource[] = [
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      `data:image/png;base64,${Buffer.from(png).toString('base64')}`,
      png,
      png.buffer,
      new Blob([png]),
      new File([png], 'picture.png'),
      { width: 60, height: 40, data: rgba },
      join(folder, 'picture.webp'),
    ]
    for (const source of sources) expect(await model.classify(source)).toEqual(expected)
  })

  test.each(['picture.jpg', 'turned.jpg', 'picture.avif'])(
    '%s: nearly the same answers, after rotation',
    async (name) => {
      const expected = await model.classify(picture)
      const answers = await model.classify(join(folder, name))
      expect(answers.map((a) => a.label)).toEqual(expected.map((a) => a.label))
      for (const [i, { score }] of answers.entries()) expect(score).toBeCloseTo(expected[i].score, 1)
    },
  )

  test('an unreadable image gives an error that says what to do', async () => {
    const refusal = (image: unknown, options = {}) => failureOf(model.classify(image as ImageSource, options))
    expect(await refusal(join(folder, 'none.jpg'))).toMatch(/^KingletError: .*none\.jpg: there is no such file$/)
    expect(await refusal(join(folder, 'damaged.png'))).toMatch(/^KingletError: .*damaged\.png: the PNG file is damaged/)
    expect(await refusal(join(folder, 'notes.txt'))).toMatch(
      /^KingletError: .*notes\.txt: not a JPEG, PNG, WebP, AVIF or/,
    )
    expect(await refusal(new Uint8Array())).toBe('KingletError: image: the file is empty: replace or remove it')
    expect(await refusal({ width: 3, height: 2, data: new Uint8Array(7) })).toBe(
      'KingletError: image: 7 bytes given for 3x2 pixels: RGB has 18, RGBA 24',
    )
    expect(await refusal(null)).toBe(
      "UsageError: classify: Null is not an image: give a file's path, URL, bytes or a Blob, or pixels ({ width, height, " +
        'data })',
    )
    expect(await refusal({ width: 3, height: 2, data: new Float32Array(18) })).toMatch(
      /^UsageError: classify: Object is/,
    )
    for (const top of [0, -1, 1.5, Number.NaN])
      expect(await refusal(picture, { top })).toBe(`UsageError: classify: top is ${top}: it must be a positive integer`)
    const reason = new Error('enough')
    await expect(model.classify(picture, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(await model.classify(picture)).toHaveLength(4)
  })
})

describe('run', () => {
  test('batches of any size give each image the logits that it has alone, and those of the reference engine', async () => {
    using reference = await load(tinyBytes(), { engine: 'reference' })
    const alone = await model.run(batchOf(1))
    expect(alone.shape).toEqual([1, 4])
    for (const n of [2, 5, 3, 1]) {
      const { shape, data } = await model.run(batchOf(n))
      expect(shape).toEqual([n, 4])
      for (let k = 0; k < 4; k++) expect(data[k]).toBeCloseTo(alone.data[k], 4)
    }
    const [here, there] = [await model.run(batchOf(2)), await reference.run(batchOf(2))]
    for (const [i, v] of here.data.entries()) expect(v).toBeCloseTo(there.data[i], 3)
  })

  test('results do not depend on threads', async () => {
    using two = await load(tinyBytes(), { threads: 2 })
    expect((await two.run(batchOf(3))).data).toEqual((await model.run(batchOf(3))).data)
  })

  test('overlapping calls run one after the other', async () => {
    const one = await model.run(batchOf(1))
    const two = await model.run(batchOf(2))
    const [a, b, c, d] = await Promise.all([
      model.run(batchOf(1)),
      model.run(batchOf(2)),
      failureOf(model.run(new Float32Array(3))),
      model.run(batchOf(1)),
    ])
    expect([a, b, d]).toEqual([one, two, one])
    expect(c).toBe('KingletError: run: 3 values given: an image [24, 24, 3] has 1728, give a whole number of images')
    expect(await failureOf(model.run(new Float32Array()))).toMatch(/^KingletError: run: 0 values given/)
    for (const [none, kind] of [
      [undefined, 'Undefined'],
      [null, 'Null'],
      ['photo.jpg', 'String'],
      [{ data: new Float32Array(1728) }, 'Object'],
    ])
      expect(await failureOf(model.run(none as never))).toBe(
        `UsageError: run: ${kind} is not a batch: give a Float32Array of N images [24, 24, 3]`,
      )
    for (const wrong of [new Float64Array(1728), new Int32Array(1728), new Array(1728).fill(0)])
      expect(await failureOf(model.run(wrong as unknown as Float32Array))).toMatch(/^KingletError: .*[Ff]loat32/)
    expect(await model.run(batchOf(1))).toEqual(one)
  })
})

describe('programs', () => {
  /** A classifier on an engine that records compilations and disposals; the first `failing` runs fail. */
  const watched = async (failing = 0) => {
    const { network, preprocessing, provenance } = model
    const noted: string[] = []
    const engine: Engine = {
      name: 'watched',
      async compile(graph) {
        const n = graph.outputs.logits.shape[0]
        noted.push(`compile ${n}`)
        return {
          run: async () => {
            if (failing-- > 0) throw new Error('a thread failed')
            return { logits: zeros([n, 4]) }
          },
          dispose: () => void noted.push(`dispose ${n}`),
        } as Partial<Program> as Program
      },
    }
    const classifier = new Classifier({
      network,
      classes,
      preprocessing,
      provenance,
      engine,
      decode: nodePlatform.decode,
    })
    return { noted, classifier }
  }

  test('three programs are cached; the least recently used one is dropped', async () => {
    const { noted, classifier } = await watched()
    for (const n of [1, 2, 3, 1, 4, 1, 2]) await classifier.run(batchOf(n))
    expect(noted).toEqual([
      ...['compile 1', 'compile 2', 'compile 3', 'compile 4', 'dispose 2', 'compile 2', 'dispose 3'],
    ])
    classifier.dispose()
    expect(noted.slice(-3).sort()).toEqual(['dispose 1', 'dispose 2', 'dispose 4'])
  })

  test('a program that failed is compiled again', async () => {
    const { noted, classifier } = await watched(1)
    expect(await failureOf(classifier.run(batchOf(1)))).toBe('Error: a thread failed')
    expect((await classifier.run(batchOf(1))).shape).toEqual([1, 4])
    expect(noted).toEqual(['compile 1', 'dispose 1', 'compile 1'])
  })

  test.each(['wasm', 'reference'] as const)('%s: programs follow the weights of the network', async (engine) => {
    using classifier = await load(tinyBytes(), { engine })
    const { network } = classifier
    const answers = async () => [await classifier.run(batchOf(2)), await classifier.run(batchOf(1))]
    const before = await answers()
    const old = network.weights
    const scaled = (t: Tensor, by: number): Tensor =>
      tensor(
        t.shape,
        Float32Array.from(t.data, (v) => v * by),
      )

    network.weights = new Map([...old].map(([name, t]) => [name, scaled(t, name.endsWith('.mean') ? 0.5 : 1.25)]))
    using fresh = await load(toBytes(network, { classes, preprocessing: classifier.preprocessing }), { engine })
    const replaced = await answers()
    expect(replaced).toEqual([await fresh.run(batchOf(2)), await fresh.run(batchOf(1))])
    expect(replaced[1]).not.toEqual(before[1])

    for (const [name, t] of old) network.weights.set(name, t)
    expect(await answers()).toEqual(before)
  })

  test('after further training the classifier uses the new weights for every batch size', async () => {
    using classifier = await load(tinyBytes(), { threads: 1 })
    for (const n of [1, 2]) await classifier.run(batchOf(n))
    const pixels = Uint8Array.from(batchOf(4), (v) => 128 + 100 * v)
    const data = arrays({ width: 24, height: 24, channels: 3, pixels, labels: [0, 1, 2, 3], classes })
    for await (const _ of train(classifier.network, data, { epochs: 1, batch: 4, threads: 1 }));
    using fresh = await load(toBytes(classifier.network, { classes }), { threads: 1 })
    for (const n of [3, 2, 1]) expect(await classifier.run(batchOf(n))).toEqual(await fresh.run(batchOf(n)))
  })

  test('programs of replaced weights are disposed of; those of the same weights are kept', async () => {
    const { noted, classifier } = await watched()
    for (const n of [1, 2, 1]) await classifier.run(batchOf(n))
    const { network } = classifier
    const { weights } = network
    try {
      network.weights = new Map(weights)
      await classifier.run(batchOf(2))
      expect(noted).toEqual(['compile 1', 'compile 2'])
      const [[name, first]] = weights
      network.weights = new Map(weights).set(name, { ...first })
      await classifier.run(batchOf(2))
      expect(noted.slice(2).sort()).toEqual(['compile 2', 'dispose 1', 'dispose 2'])
    } finally {
      network.weights = weights
    }
  })

  test('after dispose nothing runs, and waiting calls reject', async () => {
    const other = await load(tinyBytes(), { threads: 1 })
    const waiting = [failureOf(other.run(batchOf(2))), failureOf(other.classify(picture))]
    other.dispose()
    other.dispose()
    const said = 'KingletError: classifier: it was disposed of: load the model again'
    expect(await Promise.all(waiting)).toEqual([said, said])
    expect(await failureOf(other.classify(picture))).toBe(said)
    expect(await failureOf(other.run(batchOf(1)))).toBe(said)
  })
})
