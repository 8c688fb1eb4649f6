/** `train` and `evaluate` in Node: folders and sets, and the meta data of a network afterwards. */
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Dataset, loaderPool, openDataset } from '../../src/data/node.ts'
import {
  arrays,
  build,
  engineOf,
  evaluate,
  load,
  type Network,
  rgbImage,
  type TrainingData,
  type TrainOptions,
  type TrainStep,
  toBytes,
  train,
} from '../../src/index.ts'
import { failureOf, folderOf, sharpOf } from '../data/make.ts'
import { ensureBuilt } from '../support/built.ts'

/** One colour with a little noise. */
const picture = (colour: readonly number[], seed: number) =>
  rgbImage(
    16,
    12,
    Uint8Array.from({ length: 16 * 12 * 3 }, (_, i) => colour[i % 3] + ((i * 7 + seed * 13) % 24)),
  )
const colours = { green: [20, 200, 20], red: [200, 20, 20] }

let folder: string
beforeAll(async () => {
  // Loader threads run the built files.
  ensureBuilt()
  const files: Record<string, Uint8Array> = {}
  for (const [name, colour] of Object.entries(colours))
    for (let i = 0; i < 10; i++) files[`${name}/${i}.png`] = await sharpOf(picture(colour, i)).png().toBuffer()
  folder = folderOf({ ...files, 'red/damaged.png': files['red/0.png'].slice(0, 50) })
}, 120_000)

const net = () => build('mobilenet_v1', { width: 0.1, size: 16, reduction: 8, classes: 2 })
const set = (classes = ['green', 'red']): Dataset =>
  arrays({
    ...{ width: 16, height: 12, channels: 3, classes },
    pixels: Uint8Array.from(Object.values(colours).flatMap((c) => [...picture(c, 3).data, ...picture(c, 4).data])),
    labels: [0, 0, 1, 1],
  })
async function all(steps: AsyncIterable<TrainStep>): Promise<TrainStep[]> {
  const told: TrainStep[] = []
  for await (const step of steps) told.push(step)
  return told
}

describe('train', () => {
  test('a folder: the model knows its classes and its provenance', async () => {
    const trained = net()
    const told = await all(train(trained, folder, { epochs: 20, batch: 6, seed: 2, deterministic: 'everywhere' }))
    expect(told).toHaveLength(60)
    expect(told[0]).toMatchObject({ epoch: 1, epochs: 20, step: 1, steps: 60 })
    expect(told.at(-1)?.validation?.count).toBe(2)
    using model = await load(toBytes(trained))
    expect(model.classes).toEqual(['green', 'red'])
    expect(model.preprocessing).toMatchObject({ size: [16, 16], crop: 1, mean: [0.5, 0.5, 0.5] })
    expect(model.provenance).toMatchObject({ trainedOn: folder, images: 18, epochs: 20, seed: 2, evaluatedOn: 2 })
    expect(model.provenance.accuracy).toBe(told.at(-1)?.validation?.top1)
    for (const name of ['green', 'red'] as const)
      expect((await model.classify(picture(colours[name], 99), { top: 1 }))[0].label).toBe(name)
    expect(await evaluate(model, folder)).toMatchObject({ count: 20, top1: 1 })
  })

  test('a folder, its opened form, its parts, and a pool give the same weights', async () => {
    const options = { epochs: 1, batch: 6, threads: 1 }
    const opened = await openDataset(folder)
    // `openDataset` reports skipped images; `train` does not.
    expect(opened.report).toMatchObject({
      images: 20,
      leftOut: 1,
      issues: [{ kind: 'damaged', name: 'red/damaged.png' }],
    })
    await using pool = loaderPool(2)
    const losses = async (data: TrainingData, more: Partial<TrainOptions> = {}) =>
      (await all(train(net(), data, { ...options, ...more }))).map((step) => step.loss)
    const expected = await losses(folder)
    expect(await losses(opened, { pool })).toEqual(expected)
    // The caller's pool is still open.
    expect(await losses({ train: opened.train }, { pool, threads: 2, preprocessing: 'whole' })).toEqual(expected)
    expect(await losses(opened.train, { preprocessing: 'imagenet' })).not.toEqual(expected)
  })

  test("'everywhere' gives the same losses as an option and with an engine", async () => {
    const losses = async (more: Partial<TrainOptions>) =>
      (await all(train(net(), set(), { epochs: 2, batch: 2, ...more }))).map((step) => step.loss)
    const expected = await losses({ deterministic: 'everywhere' })
    expect(await losses({ engine: engineOf({ threads: 2, deterministic: 'everywhere' }) })).toEqual(expected)
  })

  test('leaving the loop keeps the weights so far', async () => {
    const left = net()
    const before = left.weights
    for await (const { step } of train(left, set(), { epochs: 4, batch: 2 })) if (step === 3) break
    expect(left.weights).not.toBe(before)
    using model = await load(toBytes(left))
    expect(model.provenance).toMatchObject({ images: 4, epochs: 1.5 })
    expect(model.provenance.accuracy).toBeUndefined()
  })

  test('an aborted signal ends the loop with its reason after the step', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const told: number[] = []
    const loop = async () => {
      for await (const { step } of train(net(), set(), { epochs: 9, batch: 2, signal: controller.signal })) {
        told.push(step)
        if (step === 2) controller.abort(reason)
      }
    }
    await expect(loop()).rejects.toBe(reason)
    expect(told).toEqual([1, 2])
    await expect(train(net(), folder, { epochs: 1, signal: AbortSignal.abort(reason) }).next()).rejects.toBe(reason)
  })

  test('invalid data gives an error, and the network stays unchanged', async () => {
    const first = net()
    const before = first.weights
    const refusal = (data: unknown, options = {}) =>
      failureOf(train(first, data as TrainingData, { epochs: 1, ...options }).next())
    expect(await refusal(join(folder, 'none'))).toMatch(/^KingletError: .*none: there is no such folder$/)
    expect(await refusal(join(folder, 'red'))).toMatch(/^KingletError: .*red: not a dataset/)
    expect(await refusal(undefined)).toBe(
      'UsageError: train: Undefined is not data: give a folder, a set (from openDataset or arrays), or { train, val } ' +
        'of sets',
    )
    expect(await refusal({})).toMatch(/^UsageError: train: Object is not data/)
    expect(await refusal(set(['a', 'b', 'c']))).toBe(
      'KingletError: train: the network has 2 classes, the data has 3: build it with classes: 3',
    )
    expect(await refusal(set(), { batch: 5 })).toMatch(/^KingletError: train: a batch of 5 is larger than the set of 4/)
    expect(await refusal(set(), { epochs: 0 })).toBe('UsageError: train: epochs is 0: it must be a positive integer')
    expect(await refusal(set(), { epoch: 3 })).toMatch(/^UsageError: train: no option epoch \(did you mean epochs\?\)/)
    expect(await refusal(set(), { preprocessing: 'nothing' })).toMatch(
      /^KingletError: there is no preprocessing nothing/,
    )
    expect(await refusal(set(), { engine: 'gpu' })).toBe('UsageError: there is no engine gpu: use wasm or reference')
    const engine = engineOf({ threads: 1 })
    expect(await refusal(set(), { engine, threads: 2 })).toMatch(
      /^UsageError: threads is 2, but engine is an engine object/,
    )
    expect(await refusal(set(), { engine: 'reference', threads: 2 })).toMatch(/^UsageError: engine reference: threads/)
    expect(await refusal(set(), { epochs: '3' })).toBe(
      'UsageError: train: epochs is "3": it must be a positive integer',
    )
    expect(first.weights).toBe(before)
  })

  test('arguments that are not networks, and missing options, give errors', async () => {
    const refusal = (given: unknown, options: unknown = { epochs: 1 }) =>
      failureOf(train(given as Network, set(), options as TrainOptions).next())
    const no = (what: string) => `${what}: give a result of build or load`
    expect(await refusal('mobilenet_v2')).toBe(no('UsageError: train: String is not a network'))
    expect(await failureOf(evaluate('m.safetensors' as never, set()))).toBe(
      no('UsageError: evaluate: String is not a network'),
    )
    expect(() => build('mobilenet_v2', null as never)).toThrow(
      'build mobilenet_v2: options are null: give an object, { size: ... }',
    )
    expect(() => toBytes(undefined as never)).toThrow(no('save: Undefined is not a network'))
    expect(await refusal(net(), null)).toBe(
      'UsageError: train: options are missing: give at least epochs, such as { epochs: 20 }',
    )
    using model = await load(toBytes(net(), { classes: ['green', 'red'] }))
    expect(await refusal(model)).toBe(
      'UsageError: train: a classifier cannot be trained: give its network (model.network) or a result of build',
    )
  })
})

describe('evaluate', () => {
  test('a network and its classifier give the same figures', async () => {
    const one = net()
    const figures = await evaluate(one, set())
    expect(figures.count).toBe(4)
    using model = await load(toBytes(one, { classes: ['green', 'red'] }))
    expect(await evaluate(model, set())).toEqual(figures)
    expect(await evaluate(model, set(), { batch: 3, threads: 1 })).toEqual(figures)
    expect(await evaluate(model, set(), { engine: engineOf() })).toEqual(figures)
    expect(await failureOf(evaluate(model, set(), { engine: 'reference', threads: 2 }))).toBe(
      'UsageError: engine reference: threads is 2, it has only 1: leave threads out, or use engine wasm',
    )
  })

  test('unknown options and invalid values are refused before the images are opened', async () => {
    const refusal = (options: object) => failureOf(evaluate(net(), join(folder, 'none'), options))
    expect(await refusal({ batchs: 3 })).toBe(
      'UsageError: evaluate: no option batchs (did you mean batch?): use engine, threads, deterministic, preprocessing, ' +
        'batch, pool or signal',
    )
    expect(await refusal({ batch: '3' })).toBe('UsageError: evaluate: batch is "3": it must be a positive integer')
    expect(await refusal({ batch: undefined })).toMatch(/^KingletError: .*none: there is no such folder$/)
  })

  test('classes in a different order are refused: the figures would be wrong', async () => {
    using model = await load(toBytes(net(), { classes: ['red', 'green'] }))
    expect(await failureOf(evaluate(model, set()))).toBe(
      "KingletError: evaluate: class 0 is red in the model and green in the data: open the data with the model's classes " +
        'in its order (option classes of openDataset)',
    )
    // A folder is opened with the classes in the order of the model.
    expect((await evaluate(model, folder)).perClass.map((c) => c.label)).toEqual(['red', 'green'])
    expect(await failureOf(evaluate(model, set(['a', 'b', 'c'])))).toBe(
      'KingletError: evaluate: the network has 2 classes, the data has 3: build it with classes: 3',
    )
  })
})
