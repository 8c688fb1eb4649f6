/** The front door with a network without a table: save, load, run, evaluate, train and train again. */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { engineOf, evaluate, load, toBytes, train } from '../../src/index.ts'
import type { Network } from '../../src/nn/index.ts'
import { fit } from '../../src/train/index.ts'
import { openRun } from '../../src/train/node.ts'
import { branched } from '../nn/make.ts'
import { failureOf, optionsFor, preprocessing, toySet, trained } from '../train/toys.ts'

const classes = ['left', 'top', 'chess']
const image = { width: 20, height: 18, data: Uint8Array.from({ length: 20 * 18 * 3 }, (_, i) => (i * 37) % 256) }
const batch = Float32Array.from({ length: 2 * 16 * 16 * 3 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)

test('after saving and loading it gives the same answers, on both engines', async () => {
  const bytes = toBytes(branched({ seed: 3 }), { classes })
  using model = await load(bytes, { threads: 1, deterministic: 'everywhere' })
  using reference = await load(bytes, { engine: 'reference' })
  expect(model.classes).toEqual(classes)
  expect(model.architecture).toBeUndefined()
  expect(model.inputShape).toEqual([16, 16, 3])
  const top = await model.classify(image)
  expect(top.map(({ label }) => label).sort()).toEqual([...classes].sort())
  const [a, b] = [await model.run(batch), await reference.run(batch)]
  expect(a.shape).toEqual([2, 3])
  for (const [i, v] of b.data.entries()) expect(a.data[i]).toBeCloseTo(v, 4)
})

test('after training it is the same network, and the model file records what it was trained on', async () => {
  const net = branched()
  const options = { epochs: 6, batch: 10, deterministic: 'everywhere', threads: 1, seed: 1 } as const
  const losses: number[] = []
  for await (const { loss } of train(net, toySet(30), options)) losses.push(loss)
  expect(losses.at(-1)!).toBeLessThan(losses[0])
  expect(net.meta).toMatchObject({ classes, provenance: { images: 30, epochs: 6 } })
  using model = await load(toBytes(net), { threads: 1 })
  expect(model.provenance).toMatchObject({ images: 30, epochs: 6, seed: 1 })
  const judged = async (net: Network) => (await evaluate(net, toySet(60, 2), { threads: 1 })).top1
  expect(await judged(model.network)).toBe(await judged(net))

  // The loaded network trains further with the same results as the saved one.
  const on = async (net: Network) => {
    for await (const _ of train(net, toySet(30), options));
    return net.weights
  }
  expect(await on(model.network)).toEqual(await on(net))
})

test('an interrupted run resumes to the same bits, and only with the same graph', async () => {
  const data = { train: toySet(24), val: toySet(12, 2) }
  const folder = mkdtempSync(join(tmpdir(), 'kinglet-own-'))
  const whole = branched()
  await trained(whole, data, optionsFor({ epochs: 2, engine: engineOf({ threads: 1 }) }))

  const half = branched()
  const stop = new AbortController()
  const options = (store: ReturnType<typeof openRun>) =>
    optionsFor({ epochs: 2, engine: engineOf({ threads: 1 }), store, signal: stop.signal })
  const first = failureOf(async () => {
    for await (const { step } of fit(half, data, options(openRun(folder)))) if (step === 3) stop.abort()
  })
  expect(await first).toContain('AbortError')

  const resumed = (net: Network) =>
    trained(
      net,
      data,
      optionsFor({ epochs: 2, engine: engineOf({ threads: 1 }), store: openRun(folder, { resume: true }) }),
    )
  expect(await failureOf(() => resumed(branched({ dropout: 0.1 })))).toMatch(
    /checkpoint\.safetensors: its run was started with graph [0-9a-f]{8}, now it is [0-9a-f]{8}: use the original value/,
  )
  const again = branched()
  await resumed(again)
  expect(again.weights).toEqual(whole.weights)
  using model = await load(new Uint8Array(readFileSync(join(folder, 'model.safetensors'))), { threads: 1 })
  expect(model.network.weights).toEqual(whole.weights)
  expect(model.preprocessing).toEqual(preprocessing)
})
