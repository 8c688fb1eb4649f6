/** `load` and `classify` in a page: all kinds of pictures, the answers of Node, and what goes wrong. */
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { build, type Classifier, load, type Prediction, toBytes } from '../../src/index.ts'
import { sharpOf, smoothImage } from '../data/make.ts'
import { optional } from '../support/optional.ts'
import { inPage, type Kinglet, openPages, type Pages } from './page.ts'

const chromium = optional('chromium')

const picture = smoothImage(90, 60)
const classes = ['ash', 'birch', 'cedar', 'damson']

/** Pictures by kind, each made from the file picture.png. */
const kinds = {
  'a URL': async () => '/picture.png',
  'a URL object': async () => new URL('/picture.png', location.href),
  'a Blob': async (file: Blob) => file,
  'a File': async (file: Blob) => new File([file], 'picture.png'),
  bytes: async (file: Blob) => new Uint8Array(await file.arrayBuffer()),
  'an ArrayBuffer': async (file: Blob) => file.arrayBuffer(),
  'an ImageBitmap': async (file: Blob) => createImageBitmap(file),
  'an image element': async () => {
    const image = new Image()
    image.src = '/picture.png'
    return image
  },
  'a canvas element': async (file: Blob) => {
    const bitmap = await createImageBitmap(file)
    const canvas = document.createElement('canvas')
    ;[canvas.width, canvas.height] = [bitmap.width, bitmap.height]
    canvas.getContext('2d')!.drawImage(bitmap, 0, 0)
    return canvas
  },
  'an OffscreenCanvas': async (file: Blob) => {
    const bitmap = await createImageBitmap(file)
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
    canvas.getContext('2d')!.drawImage(bitmap, 0, 0)
    return canvas
  },
  ImageData: async (file: Blob) => {
    const bitmap = await createImageBitmap(file)
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!
    context.drawImage(bitmap, 0, 0)
    return context.getImageData(0, 0, bitmap.width, bitmap.height)
  },
  'RGB bytes': async (file: Blob) => {
    const bitmap = await createImageBitmap(file)
    const { width, height } = bitmap
    const context = new OffscreenCanvas(width, height).getContext('2d')!
    context.drawImage(bitmap, 0, 0)
    return { width, height, data: context.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 < 3) }
  },
  'a VideoFrame': async (file: Blob) => new VideoFrame(await createImageBitmap(file), { timestamp: 0 }),
} as const

/** Kinds whose pixels went through a codec, or a colour space with other steps, on the way. */
const nearly = {
  'a video element': async (file: Blob) => {
    const bitmap = await createImageBitmap(file)
    const canvas = document.createElement('canvas')
    ;[canvas.width, canvas.height] = [bitmap.width, bitmap.height]
    const context = canvas.getContext('2d')!
    const video = document.createElement('video')
    video.muted = true
    video.srcObject = canvas.captureStream()
    const timer = setInterval(() => context.drawImage(bitmap, 0, 0), 20)
    await video.play()
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve))
    clearInterval(timer)
    return video
  },
  'ImageData in Display P3': async (file: Blob) => {
    const bitmap = await createImageBitmap(file)
    const { width, height } = bitmap
    const context = new OffscreenCanvas(width, height).getContext('2d', { colorSpace: 'display-p3' })!
    context.drawImage(bitmap, 0, 0)
    return context.getImageData(0, 0, width, height)
  },
} as const

describe.skipIf(!chromium)('in a page', () => {
  let pages: Pages
  let page: Page
  let model: Classifier
  const files: Record<string, Uint8Array> = {}

  beforeAll(async () => {
    const net = build('mobilenet_v3_small', { width: 0.5, size: 48, classes: 4, seed: 5 })
    // First weights of the classifier are small: larger ones make answers that differ.
    const w = net.weights.get('classifier.w')!
    net.weights.set('classifier.w', { ...w, data: w.data.map((v) => v * 7000) })
    files['/model.safetensors'] = toBytes(net, { classes })
    files['/picture.png'] = await sharpOf(picture).png().toBuffer()
    files['/upright.jpg'] = await sharpOf(picture).jpeg({ quality: 95 }).toBuffer()
    files['/turned.jpg'] = await sharp(await sharpOf(picture).rotate(-90).png().toBuffer())
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toBuffer()
    files['/alpha.png'] = await sharpOf(picture).ensureAlpha(0.6).png().toBuffer()
    files['/picture.webp'] = await sharpOf(picture).webp({ lossless: true }).toBuffer()
    files['/picture.avif'] = await sharpOf(picture).avif({ quality: 90 }).toBuffer()
    files['/damaged.png'] = files['/picture.png'].slice(0, 40)
    model = await load(files['/model.safetensors'], { deterministic: 'everywhere' })
    pages = await openPages(chromium!, files)
    page = await pages.open()
    await page.evaluate(
      `kinglet.load('/model.safetensors', { deterministic: 'everywhere' }).then((model) => { globalThis.model = model })`,
    )
  })
  afterAll(async () => {
    model?.dispose()
    await pages?.close()
  })

  /** What the page answers to a picture that `make` makes there. */
  const answerInPage = (make: (file: Blob) => Promise<unknown>, path = '/picture.png'): Promise<Prediction[]> =>
    page.evaluate(
      `fetch('${path}').then((response) => response.blob()).then(${make}).then((picture) => model.classify(picture))`,
    )

  const expectNear = (there: readonly Prediction[], here: readonly Prediction[], digits: number) => {
    expect(there.map((a) => a.label)).toEqual(here.map((a) => a.label))
    for (const [i, { score }] of there.entries()) expect(score).toBeCloseTo(here[i].score, digits)
  }

  test('the answers tell pictures apart', async () => {
    const [first] = await model.classify(picture)
    const [turned] = await model.classify(await sharpOf(picture).rotate(90).png().toBuffer())
    expect(Math.abs(first.score - turned.score)).toBeGreaterThan(0.1)
  })

  test.each(Object.keys(kinds) as (keyof typeof kinds)[])('%s: the answers of Node', async (kind) => {
    expectNear(await answerInPage(kinds[kind]), await model.classify(files['/picture.png']), 9)
  })

  test.each(Object.keys(nearly) as (keyof typeof nearly)[])('%s: nearly the answers of Node', async (kind) => {
    expectNear(await answerInPage(nearly[kind]), await model.classify(picture), 1)
  })

  test.each([
    ['/picture.webp', 9],
    ['/upright.jpg', 1],
    ['/turned.jpg', 1],
    ['/alpha.png', 1],
    ['/picture.avif', 1],
  ])('%s is decoded as in Node', async (path, digits) => {
    expectNear(await answerInPage(kinds['a Blob'], path), await model.classify(files[path]), digits)
  })

  /** What `classify`, `load` or `train` rejects with in the page. */
  const refusal = (body: (kinglet: Kinglet, model: Classifier, elsewhere: string) => Promise<unknown>) =>
    page.evaluate(`(${body})(kinglet, model, '${pages.elsewhere}').then(() => 'it did not fail', String)`)

  test('what cannot be read is named, with the way out', async () => {
    const bitmap = async (_: Kinglet, model: Classifier) => {
      const closed = await createImageBitmap(new ImageData(1, 1))
      closed.close()
      return model.classify(closed)
    }
    expect(await refusal(bitmap)).toBe('KingletError: ImageBitmap: it was closed')
    expect(await refusal((_, model) => model.classify(document.createElement('video')))).toBe(
      "KingletError: HTMLVideoElement: it has no frame yet: wait for its 'loadeddata' event",
    )
    expect(
      await refusal((_, model) => {
        const image = new Image()
        image.src = '/damaged.png'
        return model.classify(image)
      }),
    ).toBe('KingletError: HTMLImageElement: its file could not be loaded or decoded: check its src')
    expect(await refusal((_, model) => model.classify('/damaged.png'))).toMatch(
      /^KingletError: \/damaged.png: this browser cannot decode it \(.*\): the file is damaged or not an image: use JPEG/,
    )
    expect(await refusal((_, model) => model.classify(new File(['no image'], 'notes.txt')))).toMatch(
      /^KingletError: notes.txt: this browser cannot decode it/,
    )
    for (const empty of ['new Uint8Array()', 'new ArrayBuffer(0)', 'new Blob([])'])
      expect(await refusal(new Function('_', 'model', `return model.classify(${empty})`) as never)).toBe(
        'KingletError: image: the file is empty: replace or remove it',
      )
    expect(await refusal((_, model) => model.classify(document.body as never))).toMatch(
      /^UsageError: classify: HTMLBodyElement is not an image: give a file's URL/,
    )
    expect(await refusal((_, model) => model.classify('/missing.png'))).toMatch(
      /^KingletError: \/missing.png: the server answered 404 Not Found: check the address$/,
    )
  })

  test('pixels of another site that may not be read are told apart', async () => {
    const said = await refusal(async (_, model, elsewhere) => {
      const image = new Image()
      image.src = `${elsewhere}/picture.png`
      await image.decode()
      return model.classify(image)
    })
    expect(said).toMatch(
      /^KingletError: HTMLImageElement: it comes from another site, .*: set crossOrigin = 'anonymous'/,
    )
  })

  test('load: a missing file, a server that is not there, progress, and an aborted signal', async () => {
    expect(await refusal((kinglet) => kinglet.load('/none.safetensors'))).toBe(
      'KingletError: /none.safetensors: the server answered 404 Not Found: check the address',
    )
    expect(await refusal((kinglet) => kinglet.load('http://127.0.0.1:9/none'))).toMatch(
      /^KingletError: http:\/\/127.0.0.1:9\/none: could not be fetched \(.*\): check the address and the connection$/,
    )
    expect(await refusal((kinglet) => kinglet.load('/picture.png'))).toMatch(
      /^KingletError: \/picture.png: it is not a/,
    )
    expect(
      await refusal((kinglet) => kinglet.load('/model.safetensors', { signal: AbortSignal.abort('enough') })),
    ).toBe('enough')
    const told = await inPage(
      page,
      async (kinglet) => {
        const told: [number, number | undefined][] = []
        const model = await kinglet.load('/model.safetensors', { onProgress: (...now) => told.push(now) })
        model.dispose()
        return told
      },
      null,
    )
    expect(told.at(-1)?.[0]).toBe(files['/model.safetensors'].length)
  })

  test('save offers the file as a download', async () => {
    const download = page.waitForEvent('download')
    await page.evaluate(`kinglet.save(model, 'trees.safetensors')`)
    const found = await download
    expect(found.suggestedFilename()).toBe('trees.safetensors')
    const again = await load(await found.path())
    expect(again.classes).toEqual(classes)
    again.dispose()
  })

  test('a folder is refused: a page has none', async () => {
    expect(await refusal((kinglet, model) => kinglet.train(model.network, './photos', { epochs: 1 }).next())).toBe(
      'UsageError: ./photos: a page cannot open a folder: give a dataset (arrays makes one)',
    )
  })
})
