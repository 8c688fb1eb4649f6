/**
 * `node scripts/hashes.js [--threads N] [--check FILE] [--write FILE] [case ...]`, after `npm run build`: hashes the
 * results of networks, to show that a change of the code changes no bit. It covers every network of the registry, and
 * variants of some; names select cases. `--check` reports each difference from a file that `--write` made, and exits 1.
 *
 * The engine is `deterministic: 'everywhere'`, so the hashes hold on any machine with any number of threads. The script
 * uses only the public exports of the built package, so it works for any arrangement of the sources.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { arrays, build, engineOf, models } from 'kinglet'
import { key, keyOf, Rng } from 'kinglet/core'
import { preprocessingPreset } from 'kinglet/data'
import { withRows } from 'kinglet/models'
import { fit } from 'kinglet/train'

/** Sides of the images: for parameters and logits, and for training. */
const sizes = { logits: 96, training: 64 }
const classes = Array.from({ length: 10 }, (_, i) => `class ${i}`)
const batch = 4
/** Ten steps: two epochs of five batches. */
const epochs = 2
const images = 5 * batch

/** Each case: the network, arguments of `build`, options of `fit`, and for some a network made from it. */
const variants = {
  'mobilenet_v1 width=0.5': { network: 'mobilenet_v1', build: { width: 0.5 } },
  'mobilenet_v2 padding=same': { network: 'mobilenet_v2', build: { padding: 'same' } },
  'mobilenet_v2 convolution=standard': { network: 'mobilenet_v2', build: { width: 0.35, convolution: 'standard' } },
  'mobilenet_v2 se=all': { network: 'mobilenet_v2', build: { width: 0.5, se: 'all' } },
  'mobilenet_v2 outputStride=8': { network: 'mobilenet_v2', build: { width: 0.5, outputStride: 8 } },
  'mobilenet_v2 rectangle': { network: 'mobilenet_v2', build: { width: 0.5 }, shape: [1, 0.75] },
  'mobilenet_v2 freeze=stem': { network: 'mobilenet_v2', build: { width: 0.5 }, fit: { freeze: ['stem', 'blocks.0'] } },
  'mobilenet_v3_small keras widths': { network: 'mobilenet_v3_small', build: { width: 0.35, widthRule: 'keras' } },
  'mobilenet_v3_small dropout=0.5': { network: 'mobilenet_v3_small', build: { dropout: 0.5 } },
  'mobilenet_v3_small reduction=8': { network: 'mobilenet_v3_small', build: { width: 0.5, reduction: 8 } },
  'mobilenet_v3_small se=none': { network: 'mobilenet_v3_small', build: { se: 'none' } },
  'mobilenet_v3_small padding=same': { network: 'mobilenet_v3_small', build: { padding: 'same' } },
  'mobilenet_v3_small activation=swish': { network: 'mobilenet_v3_small', build: { width: 0.5, activation: 'swish' } },
  'mobilenet_v3_small rows': {
    network: 'mobilenet_v3_small',
    build: { width: 0.5 },
    change: (model) =>
      withRows(
        model,
        model.rows.flatMap((row) => (row.name === 'blocks.7' ? [row, { ...row, name: 'blocks.7b', exp: 52 }] : [row])),
      ),
  },
  'mobilenet_v3_small adamw': {
    network: 'mobilenet_v3_small',
    fit: { optimizer: 'adamw', learningRate: 0.003, clipNorm: 1, ema: 0 },
  },
  'mobilenet_v3_small rmsprop': {
    network: 'mobilenet_v3_small',
    fit: { optimizer: 'rmsprop', learningRate: 0.003, schedule: 'exponential' },
  },
  'mobilenet_v3_small augmentation': { network: 'mobilenet_v3_small', fit: { augmentation: 'standard' } },
  'mobilenet_v3_small threads=2': { network: 'mobilenet_v3_small', threads: 2 },
  'resnet18 width=0.25 rectangle': { network: 'resnet18', build: { width: 0.25 }, shape: [0.75, 1] },
}
const cases = { ...Object.fromEntries(models().map(({ name }) => [name, { network: name }])), ...variants }

const training = { optimizer: { name: 'sgd', momentum: 0.9 }, learningRate: 0.02, ema: 0.9, labelSmoothing: 0.1 }

const short = (hash) => hash.digest('hex').slice(0, 16)
const bytesOf = (data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** A hash of named tensors: names, dtypes, shapes and bytes, in the order of the names. */
function hashOf(tensors, ...numbers) {
  const hash = createHash('sha256')
  hash.update(bytesOf(Float64Array.from(numbers)))
  for (const name of [...tensors.keys()].sort()) {
    const { shape, dtype, data } = tensors.get(name)
    hash.update(`\n${name} ${dtype} [${shape.join(', ')}]\n`)
    hash.update(bytesOf(data))
  }
  return short(hash)
}

function networkOf({ network, build: options = {}, shape = [1, 1], change = (model) => model }, side) {
  const size = shape.map((share) => share * side)
  return change(build(network, { size, classes: classes.length, seed: 7, ...options }))
}

/** Sets batch norm and biases to random values. Those of a new network are zeros and ones, which hide differences. */
function enliven(model) {
  const changed = (name, tensor) => {
    if (!/\.bn\.|\.b$/.test(name)) return tensor
    const rng = new Rng(key(11, keyOf(name)))
    const [low, high] = /gamma|variance/.test(name) ? [0.5, 1.5] : [-0.3, 0.3]
    return { ...tensor, data: Float32Array.from(tensor.data, () => rng.between(low, high)) }
  }
  model.weights = new Map([...model.weights].map(([name, tensor]) => [name, changed(name, tensor)]))
  return model
}

async function logitsOf(engine, model) {
  const rng = new Rng(key(13))
  const [height, width, channels] = model.inputShape
  const x = Float32Array.from({ length: height * width * channels }, () => rng.between(-2, 2))
  const program = await engine.compile(model.graph(1), { weights: model.weights, freeze: true })
  try {
    return hashOf(new Map(Object.entries(await program.run({ x }))))
  } finally {
    program.dispose()
  }
}

/** The losses of ten steps, and the contents of the checkpoint after them: weights, momentum, averages. */
async function trainingOf(engine, model, options) {
  const [height, width, channels] = model.inputShape
  const rng = new Rng(key(17))
  const pixels = Uint8Array.from({ length: images * height * width * channels }, () => rng.integer(256))
  const labels = Array.from({ length: images }, (_, i) => i % classes.length)
  const train = arrays({ width, height, channels, pixels, labels, classes })
  const losses = []
  let last
  const store = {
    begin: () => undefined,
    step: ({ loss }) => losses.push(loss),
    weights() {},
    isDue: () => false,
    checkpoint(checkpoint) {
      last = checkpoint
    },
  }
  const preprocessing = preprocessingPreset('whole', [height, width])
  const settings = { ...training, ...options, engine, epochs, batch, preprocessing, seed: 3, store }
  for await (const _ of fit(model, { train }, settings));
  return { hash: hashOf(last.tensors, ...losses), losses }
}

async function hashesOf(name, threads) {
  const made = cases[name]
  const engine = engineOf({ threads: made.threads ?? threads, deterministic: 'everywhere' })
  const model = networkOf(made, sizes.logits)
  const parameters = hashOf(model.weights)
  const logits = await logitsOf(engine, enliven(model))
  const { hash, losses } = await trainingOf(engine, networkOf(made, sizes.training), made.fit)
  return { hashes: { parameters, logits, training: hash }, losses }
}

const { values, positionals } = parseArgs({
  options: { check: { type: 'string' }, write: { type: 'string' }, threads: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !Object.hasOwn(cases, name))
if (unknown.length > 0) {
  console.error(`hashes: there is no case ${unknown.join(', ')}: use some of ${Object.keys(cases).join(', ')}`)
  process.exit(2)
}
const names = positionals.length > 0 ? positionals : Object.keys(cases)
const expected = values.check === undefined ? undefined : JSON.parse(readFileSync(values.check, 'utf8'))
const found = {}
const differences = []
const columns = ['parameters', 'logits', 'training']
const line = (name, cells) => console.log([name.padEnd(34), ...cells.map((cell) => cell.padEnd(16))].join('  '))
line('', [...columns, 'first and last loss'])
for (const name of names) {
  const { hashes, losses } = await hashesOf(name, Number(values.threads))
  found[name] = hashes
  line(name, [...columns.map((column) => hashes[column]), `${losses[0].toFixed(4)} ${losses.at(-1).toFixed(4)}`])
  for (const column of expected ? columns : []) {
    const was = expected[name]?.[column]
    if (was !== hashes[column])
      differences.push(`${name}: ${column} is ${hashes[column]}, expected ${was ?? 'nothing'}`)
  }
}
if (expected && positionals.length === 0)
  for (const name of Object.keys(expected))
    if (!found[name]) differences.push(`${name}: expected, and there is no such case`)

if (values.write !== undefined) writeFileSync(values.write, `${JSON.stringify(found, undefined, 2)}\n`)
if (expected) {
  for (const difference of differences) console.log(`differs: ${difference}`)
  console.log(`${names.length} cases, ${differences.length} differences from ${values.check}`)
}
process.exitCode = differences.length > 0 ? 1 : 0
