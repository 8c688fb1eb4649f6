/** A network that does not classify: its model file, running it, and the errors of what needs a classifier. */
import { expect, test } from 'vitest'
import { KingletError } from '../../src/core/index.ts'
import { preprocessingPreset } from '../../src/data/index.ts'
import { openModel, openNetwork } from '../../src/door/index.ts'
import { contentsOf, provenanceNow, readModelFile, readSafetensors, writeModelFile } from '../../src/formats/index.ts'
import { analyse, referenceEngine } from '../../src/graph.ts'
import { evaluate, load, toBytes, train } from '../../src/index.ts'
import { build, restoreNetwork } from '../../src/models/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { kinglet } from '../cli/make.ts'
import { folderOf } from '../data/make.ts'
import { branched, segmenting } from '../nn/make.ts'
import { failureOf, toySet } from '../train/toys.ts'

const outputs = 'its outputs are mask [1, 8, 8, 2] f32, edge [1, 8, 8, 1] f32'
const refusal = (what: string) =>
  `${what}: the network does not classify: ${outputs}: it must have the output logits [1, classes] f32; an engine runs ` +
  'any network: compile its graph()'

test('its file has no classes, and is read back as the same network', async () => {
  const net = segmenting({ seed: 5 })
  const bytes = toBytes(net, { provenance: { trainedOn: 'toys' } })
  const { metadata } = readSafetensors(bytes)
  expect(Object.keys(metadata).sort()).toEqual(['checksum', 'graph', 'kinglet', 'provenance'])
  expect(metadata.kinglet).toBe('2')
  const file = readModelFile(bytes)
  expect(Object.keys(file).sort()).toEqual(['graph', 'provenance', 'weights'])
  const restored = await restoreNetwork(file, 'm')
  expect(restored.classes).toBeUndefined()
  expect(restored.weights).toEqual(net.weights)
  const opened = await openNetwork(bytes, 'm')
  expect(opened.meta).toEqual({ provenance: file.provenance })
  expect(toBytes(opened).length).toBe(bytes.length)
  expect(analyse(opened.graph()).total).toEqual(analyse(net.graph()).total)
})

test('its preprocessing is kept where it has one, and must fit', async () => {
  const preprocessing = preprocessingPreset('whole', 16)
  const opened = await openNetwork(toBytes(segmenting(), { preprocessing }), 'm')
  expect(opened.meta.preprocessing).toEqual(preprocessing)
  expect(() => toBytes(segmenting(), { preprocessing: preprocessingPreset('whole', 20) })).toThrow(
    'save: its preprocessing makes images [20, 20, 3], its network takes [16, 16, 3]',
  )
})

test('both engines run all of its outputs', async () => {
  const opened = await openNetwork(toBytes(segmenting({ seed: 5 })), 'm')
  const x = Float32Array.from({ length: 2 * 16 * 16 * 3 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)
  const run = async (engine: ReturnType<typeof referenceEngine>) => {
    const program = await engine.compile(opened.graph(2), { weights: opened.weights, freeze: true })
    const { mask, edge } = await program.run({ x })
    const found = { mask: mask.data.slice(), edge: edge.data.slice(), shapes: [mask.shape, edge.shape] }
    program.dispose()
    return found
  }
  const [fast, slow] = [await run(wasmEngine({ threads: 1 })), await run(referenceEngine())]
  expect(fast.shapes).toEqual([
    [2, 8, 8, 2],
    [2, 8, 8, 1],
  ])
  for (const name of ['mask', 'edge'] as const)
    for (const [i, v] of slow[name].entries()) expect(fast[name][i]).toBeCloseTo(v, 4)
})

test('summary and bench take its file', async () => {
  const path = `${folderOf({ 'seg.safetensors': toBytes(segmenting()) })}/seg.safetensors`
  const { code, output } = await kinglet('summary', path)
  expect(code).toBe(0)
  expect(output).toMatch(/^mask +8x8x6 +pointwise 1x1 +8x8x2 /m)
  const timed = await kinglet('bench', path, '--threads', '1', '--rounds', '1', '--warmup', '0', '--json')
  expect(JSON.parse(timed.output)[0].latencyMs.median).toBeGreaterThan(0)
})

test('what needs a classifier names its outputs and the way out', async () => {
  const net = segmenting()
  const bytes = toBytes(net)
  const failures: readonly (readonly [string, () => unknown])[] = [
    ['save: class names', () => toBytes(net, { classes: ['a', 'b'] })],
    ['model', () => load(bytes)],
    ['m.safetensors', () => openModel(bytes, 'm.safetensors')],
    ['evaluate', () => evaluate(net, toySet(4), { threads: 1 })],
    ['train', () => train(net, toySet(4), { threads: 1, batch: 2, epochs: 1 }).next()],
  ]
  for (const [what, body] of failures) expect(await failureOf(async () => void (await body()))).toContain(refusal(what))
})

test('a classifier is still saved with names, and loaded with both names and preprocessing', async () => {
  expect(() => toBytes(branched())).toThrow('save: the names of the 3 classes of the network are not known')
  const provenance = provenanceNow()
  const bytes = writeModelFile({ ...contentsOf(branched()), provenance })
  expect((await openNetwork(bytes, 'm')).classes).toBe(3)
  await expect(openModel(bytes, 'm')).rejects.toThrow(
    new KingletError(
      'm: it has no names of its classes: a network that classifies needs both: write it again with save',
    ),
  )
  const { architecture, weights } = build('mobilenet_v2', { width: 0.1, size: 16, classes: 3 })
  const preprocessing = preprocessingPreset('whole', 16)
  expect(() => writeModelFile({ architecture, weights, preprocessing, provenance })).toThrow(
    'model: classes is undefined',
  )
  expect(() => writeModelFile({ architecture, weights, classes: ['a', 'b', 'c'], provenance })).toThrow(
    'model: size is missing',
  )
})
