/**
 * The plan of a training run without the command line: defaults that depend on the images, and errors that name
 * members.
 */
import { expect, test } from 'vitest'
import { preprocessingPreset } from '../../../src/data/index.ts'
import type { OpenedModel } from '../../../src/door/index.ts'
import { costsOf } from '../../../src/door/index.ts'
import { batchOf, inputSizeFor, planTraining } from '../../../src/door/plans/index.ts'
import { answerSamples, selectSamples, trainingReport } from '../../../src/door/reports/index.ts'
import { referenceEngine } from '../../../src/engine/index.ts'
import { provenanceNow } from '../../../src/formats/index.ts'
import { build } from '../../../src/models/index.ts'
import { reportPage } from '../../../src/report/index.ts'
import { evaluate } from '../../../src/train/index.ts'
import { noiseSet } from '../../data/make.ts'

const set = noiseSet(8, { width: 20, height: 16 })
const data = { classes: set.classes, train: set }
const tiny = { width: 0.1, reduction: 4 }

test('an epoch has at least ten steps if there are enough images', () => {
  expect([3, 40, 80, 160, 320, 10_000].map(batchOf)).toEqual([3, 8, 8, 16, 32, 32])
})

test('the input has the size of the images, or 128 pixels for a folder of files', async () => {
  expect(await inputSizeFor(data)).toEqual([16, 20])
  expect(await inputSizeFor({ ...data, kind: 'folder' })).toEqual([128, 128])
  const { network, preprocessing, transferred } = await planTraining(data, { seed: 1 })
  expect(network.architecture?.name).toBe('mobilenet_v3_small')
  expect(network.architecture?.options).toMatchObject({ size: [16, 20], classes: set.classes.length, seed: 1 })
  expect(preprocessing).toEqual(preprocessingPreset('whole', [16, 20]))
  expect(transferred).toBeUndefined()
})

test('options override defaults from the images', async () => {
  const asked = { seed: 0, model: 'mobilenet_v1:width=0.1', build: { size: 8, reduction: 4 } }
  const { network, preprocessing } = await planTraining(data, { ...asked, preprocessing: 'imagenet' })
  expect(network.architecture?.options).toMatchObject({ size: [8, 8], width: 0.1, reduction: 4 })
  expect(preprocessing).toEqual(preprocessingPreset('imagenet', [8, 8]))
})

/** The content of a model file with these classes. */
function opened(classes: readonly string[]): OpenedModel {
  const network = build('mobilenet_v1', { ...tiny, size: 8, classes: classes.length, seed: 7 })
  return { network, classes, preprocessing: preprocessingPreset('imagenet', 8), provenance: provenanceNow({}) }
}

test('a model file gives its weights and preprocessing; other classes get a new classifier', async () => {
  const same = { name: 'a.safetensors', model: opened(set.classes) }
  const plan = await planTraining(data, { seed: 0, from: same })
  expect(plan.transferred?.anew).toEqual([])
  expect(plan.network.weights.get('stem.conv.w')).toEqual(same.model.network.weights.get('stem.conv.w'))
  expect(plan.preprocessing).toEqual(same.model.preprocessing)
  const other = { name: 'b.safetensors', model: opened([...set.classes, 'one more']) }
  const changed = await planTraining(data, { seed: 0, from: other })
  expect(changed.transferred?.anew).toEqual(['classifier.w', 'classifier.b'])
  expect(changed.network.classes).toBe(set.classes.length)
})

test("errors use the caller's names of options", async () => {
  const asked = {
    seed: 0,
    from: { name: 'a.safetensors', model: opened(set.classes) },
    build: { widthRule: 'paper' },
  } as const
  const said = (name: string) =>
    `${name}: a.safetensors is a model file, which defines its own network: leave ${name} out`
  await expect(planTraining(data, asked)).rejects.toThrow(said('widthRule'))
  await expect(planTraining(data, asked, (name) => `--${name}`)).rejects.toThrow(said('--widthRule'))
})

test("a report of a network's answers needs no command line", async () => {
  const { network, preprocessing } = await planTraining(data, { seed: 0, model: 'mobilenet_v1', build: tiny })
  const use = { engine: referenceEngine(), preprocessing }
  const samples = await answerSamples(network, set, { ...use, top: 1 })
  expect(samples.map(({ index }) => index).sort()).toEqual([...Array(set.length).keys()])
  const report = await trainingReport({
    ...{ title: 'noise', subtitle: 'untrained', part: 'training', epochs: [], seconds: 0, notes: [], provenance: [] },
    ...{ data: set, costs: costsOf(network), evaluation: await evaluate(network, set, use) },
    samples: selectSamples(samples, 2),
    pictureOf: async (_, index) => `data:image/png;base64,picture${index}`,
  })
  const [first] = samples
  expect(report.pictures[0]).toMatchObject({ url: `data:image/png;base64,picture${first.index}`, truth: first.truth })
  expect(reportPage(report)).toContain(`data:image/png;base64,picture${first.index}`)
})
