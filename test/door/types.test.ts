/** Wrong names and values do not compile, and a project does not need the types of the DOM. */
import { beforeAll, describe, expect, it } from 'vitest'
import { compile, ensureBuilt } from '../support/built.ts'

const head = `import { arrays, build, type EngineOptions, engineOf, evaluate, load, preprocessingPreset, save, toBytes, train } from 'kinglet'
const net = build('mobilenet_v2')
const model = await load('m.safetensors')
const data = arrays({ width: 1, height: 1, channels: 1, pixels: new Uint8Array(1), labels: [0], classes: ['a'] })
`

const right = {
  load: `await load(new URL('https://example.org/m'), { engine: 'wasm', threads: 2, deterministic: 'everywhere', signal: AbortSignal.timeout(9) })`,
  'one type says where it runs': `const where: EngineOptions = { engine: engineOf({ engine: 'reference' }) }
await load('m', where)
await evaluate(model, data, where)
train(net, data, { epochs: 1, ...where })`,
  'load, unsure': `await load('m', { threads: Math.random() > 0.5 ? 2 : undefined })`,
  classify: `const answers: { label: string; score: number }[] = await model.classify('photo.jpg', { top: 3 })`,
  'classify, pixels': `await model.classify({ width: 1, height: 1, data: new Uint8ClampedArray(4) })`,
  'classify, in a page': `await model.classify(document.querySelector('canvas')!)
await model.classify(document.querySelector('video')!)
await model.classify(new ImageData(1, 1))
await model.classify(await createImageBitmap(new Blob()))
await model.classify(new OffscreenCanvas(1, 1))
await model.classify(new Image())
await model.classify(new VideoFrame(new OffscreenCanvas(1, 1), { timestamp: 0 }))`,
  run: `const logits: Float32Array = (await model.run(new Float32Array(3))).data`,
  train: `for await (const step of train(net, './photos', { epochs: 20, signal: AbortSignal.timeout(9) }))
  console.log(step.epoch, step.loss, step.accuracy, step.validation?.top1)`,
  'train, opened': `import { openDataset } from 'kinglet/data'
for await (const _ of train(net, await openDataset('photos'), { epochs: 1, optimizer: { name: 'sgd', momentum: 0.9 } }));`,
  evaluate: `const share: number = (await evaluate(model, data, { batch: 8 })).top1`,
  save: `await save(net, 'm.safetensors', { classes: ['a'], preprocessing: preprocessingPreset('whole', 224) })`,
  toBytes: `new Blob([toBytes(model)])`,
  using: `using other = await load('m.safetensors')`,
} as const

const wrong = {
  'build, option': [`build('mobilenet_v2', { widht: 0.5 })`, `'widht' does not exist in type 'BuildOptions'`],
  'build, value': [`build('mobilenet_v2', { padding: 'valid' })`, `'"valid"' is not assignable to type`],
  'load, option': [`load('m', { thread: 2 })`, `'thread' does not exist in type 'LoadOptions'`],
  'load, engine': [`load('m', { engine: 'gpu' })`, `'"gpu"' is not assignable to type 'Engine | EngineName`],
  'load, determinism': [`load('m', { deterministic: true })`, `'true' is not assignable to type 'Determinism`],
  'evaluate, determinism': [`evaluate(model, data, { deterministic: 'always' })`, `'"always"' is not assignable to`],
  'train, engine': [
    `train(net, data, { epochs: 1, engine: { name: 'mine' } })`,
    `Property 'compile' is missing in type`,
  ],
  'engineOf, a bare name': [
    `engineOf('reference')`,
    `Type '"reference"' has no properties in common with type 'EngineO`,
  ],
  'load, source': [`load(42)`, `'number' is not assignable to parameter of type 'ModelSource'`],
  'classify, option': [`model.classify('p.jpg', { topk: 3 })`, `'topk' does not exist in type 'ClassifyOptions'`],
  'classify, source': [`model.classify(new Map())`, `is not assignable to parameter of type 'ImageSource'`],
  'run, array': [`model.run([1, 2, 3])`, `Type 'number[]' is missing the following properties from type 'Float32Array`],
  'train, option': [`train(net, data, { epoch: 3 })`, `'epoch' does not exist in type 'TrainOptions'`],
  'train, left out': [`train(net, data, {})`, `Property 'epochs' is missing in type '{}'`],
  'train, optimizer': [
    `train(net, data, { epochs: 1, optimizer: { name: 'sgd', momentun: 0.9 } })`,
    `'momentun' does not exist in type`,
  ],
  'train, augmentation': [
    `train(net, data, { epochs: 1, augmentation: { flipp: 0.5 } })`,
    `'flipp' does not exist in type 'Augmentation'`,
  ],
  'train, data': [`train(net, ['a.jpg'], { epochs: 1 })`, `is not assignable to parameter of type 'TrainingData'`],
  'train, network': [`train('mobilenet_v2', data, { epochs: 1 })`, `is not assignable to parameter of type 'Network'`],
  'evaluate, option': [`evaluate(model, data, { epochs: 1 })`, `'epochs' does not exist in type 'EvaluateOptions'`],
  'save, option': [`save(net, 'm', { labels: ['a'] })`, `'labels' does not exist in type 'SaveOptions'`],
  'a prediction': [
    `const [best] = await model.classify('p.jpg')
console.log(best.name)`,
    `Property 'name' does not exist on type 'Prediction'`,
  ],
} as const

const fileOf = (kind: string, name: string) => `${kind}-${name.replace(/\W+/g, '-')}.ts`
let errors: Map<string, string>

beforeAll(async () => {
  ensureBuilt()
  const files = new Map<string, string>()
  for (const [name, code] of Object.entries(right)) files.set(fileOf('right', name), `${head}${code}\nexport {}\n`)
  for (const [name, [code]] of Object.entries(wrong)) files.set(fileOf('wrong', name), `${head}${code}\nexport {}\n`)
  errors = new Map([...files.keys()].map((name) => [name, '']))
  let file = ''
  for (const line of await compile(Object.fromEntries(files))) {
    file = /^([\w-]+\.ts)\(/.exec(line)?.[1] ?? file
    errors.set(file, `${errors.get(file)}${line}\n`)
  }
})

describe('the front door', () => {
  it.each(Object.keys(right))('%s compiles', (name) => {
    expect(errors.get(fileOf('right', name))).toBe('')
  })

  it.each(Object.keys(wrong) as (keyof typeof wrong)[])('%s: a wrong use does not compile', (name) => {
    expect(errors.get(fileOf('wrong', name))).toContain(wrong[name][1])
  })

  it('compiles in a project with the types of Node only, with skipLibCheck off', async () => {
    const files = Object.entries(right).map(([name, code]) => [fileOf('right', name), `${head}${code}\nexport {}\n`])
    const options = { lib: ['es2023', 'esnext.disposable'], skipLibCheck: false }
    const found = await compile(Object.fromEntries(files), options)
    const inPage = fileOf('right', 'classify, in a page')
    expect(found.filter((line) => !line.startsWith(inPage))).toEqual([])
    expect(found[0]).toContain(`Cannot find name 'document'`)
  })
})
