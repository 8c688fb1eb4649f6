/**
 * `node scripts/netadapt-fashion.js --table table.json`: NetAdapt on Fashion-MNIST, small V1 and V3 at 28 pixels.
 *
 * - NetAdapt against the width multiplier. The narrow network is the widest of its kind within a share of the full
 *   network's latency, by the table. The full network is trained, and adapted to the latency of the narrow one. The
 *   narrow network is trained for as long, and then fine-tuned for as many steps as all of NetAdapt's fine-tuning (the
 *   short fine-tuning of winners and the long one).
 * - Latency against multiply-adds as the guide, for the first seed: a second run goes down to the multiply-adds at
 *   which the first ended.
 *
 * `--networks` names each network with its width. The table covers them, down to their smallest counts: `kinglet
 * measure mobilenet_v1:width=0.25 mobilenet_v3_small:width=0.5 --size 28 --reduction 16 --classes 10 --threads 1
 * --down-to 0.05 --out table.json`. All state is in --out, and the same command resumes from it. After each seed the
 * script writes results.json and results.md (the table of docs/search.md). `--tiny` tries everything on a few images.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkNode, build as compileSources, install, say } from './prepare.js'

checkNode()
install()
const status = compileSources()
if (status !== 0) process.exit(status)
const { Rng } = await import('../dist/core/index.js')
const { loaderPool, openDataset, preprocessingPreset, subset } = await import('../dist/data/node.js')
const { makeFolder, writeFileAtomic } = await import('../dist/platform/node/index.js')
const { readModelFile } = await import('../dist/formats/index.js')
const { build, restore } = await import('../dist/models/index.js')
const search = await import('../dist/node-search.js')
const { adapt, engineTimer, latencyOf, lackingIn, openAdaptation, readTable, resourceOf, unitsOf } = search
const { evaluate, fit, openRun, runFiles } = await import('../dist/train/node.js')
const { wasmEngine } = await import('../dist/wasm/index.js')

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '/usr/share/datasets/fashion-mnist' },
    table: { type: 'string' },
    out: { type: 'string', default: 'runs/netadapt' },
    networks: { type: 'string', default: 'mobilenet_v1:0.25,mobilenet_v3_small:0.5' },
    seeds: { type: 'string', default: '0,1,2' },
    share: { type: 'string', default: '0.5' },
    epochs: { type: 'string', default: '5' },
    steps: { type: 'string', default: '30' },
    long: { type: 'string', default: '8' },
    delta: { type: 'string', default: '0.04' },
    multiple: { type: 'string', default: '8' },
    threads: { type: 'string', default: '1' },
    tiny: { type: 'boolean', default: false },
  },
})
const number = (name) => Number(values[name])
const [epochs, steps, long] = values.tiny ? [1, 2, 1] : ['epochs', 'steps', 'long'].map(number)
const seeds = values.seeds.split(',').map(Number)
const base = { size: 28, reduction: 16, dropout: 0.1 }
const batch = 64
const engine = wasmEngine({ threads: number('threads') })
const preprocessing = preprocessingPreset('whole', base.size)
const pool = loaderPool(1)
const opened = await openDataset(values.data, { pool })
const first = (set, count) =>
  values.tiny
    ? subset(
        set,
        Uint32Array.from({ length: count }, (_, i) => i),
      )
    : set
const [train, test] = [first(opened.train, 640), first(opened.val, 320)]
const classes = opened.classes.length

const table = values.table && readTable(readFileSync(values.table, 'utf8'), values.table)
const macs = { name: 'macs', value: (model) => resourceOf(model, 'macs'), monotone: true }
const latency = table && {
  name: 'latencyMs',
  source: JSON.parse(readFileSync(values.table, 'utf8')).checksum,
  value: (model) => (lackingIn(table, unitsOf(model)).length > 0 ? Number.POSITIVE_INFINITY : latencyOf(table, model)),
}
if (!latency) say('no --table: both comparisons are by multiply-adds, and there is no latency-guided run')
const guide = latency ?? macs

/** Trains, or resumes the training in `folder`. */
async function learn(net, set, folder, options) {
  const resume = existsSync(join(folder, runFiles.checkpoint))
  const store = openRun(folder, resume ? { resume } : { force: true })
  for await (const step of fit(net, { train: set }, { engine, pool, preprocessing, batch, store, ...options }))
    if (step.step % (step.steps / step.epochs) === 0)
      say(`${folder}: epoch ${step.epoch}, loss ${step.epochLoss.toFixed(3)}`)
  return net
}
const scratch = (seed) => ({ epochs, seed, augmentation: 'light', learningRate: 0.003 })
const tuning = (seed, n = long) => ({ epochs: n, seed, augmentation: 'light', learningRate: search.fineTuningRate() })

const accuracy = async (net) => (await evaluate(net, test, { engine, pool, preprocessing, batch })).top1

/** NetAdapt from `net` to `budget`, then the long fine-tuning. */
async function adapted(net, resource, budget, folder, seed) {
  let points = []
  let model = net
  const options = {
    engine,
    pool,
    preprocessing,
    resource,
    budget,
    steps,
    seed,
    multiple: number('multiple'),
    pace: { name: 'fixed', delta: number('delta') },
  }
  const training = { batch, augmentation: 'light' }
  for await (const event of adapt(net, train, { ...options, training, store: openAdaptation(folder) })) {
    if (event.kind === 'begun') points = [...event.points]
    if (event.kind === 'step') points.push(event.point)
    if (event.kind === 'step') say(`${folder}: ${JSON.stringify(event.point)}`)
    if (event.kind === 'begun' || event.kind === 'step') model = event.model
  }
  await learn(model, train, join(folder, `long-${long}`), tuning(seed))
  return { model, points }
}

/** The widest network of the kind that uses no more than `budget`. */
function widest(name, most, budget, resource, seed) {
  for (let width = most; width > 0.02; width -= 1 / 128) {
    const net = build(name, { ...base, width, classes, seed })
    if (resource.value(net) <= budget) return net
  }
  throw new Error(`${name}: no width uses at most ${budget} ${resource.name}`)
}

/** `images` of the dataset as one epoch: in rounds, each in a different order. */
function rounds(set, images, seed) {
  const indices = new Uint32Array(images)
  const rng = new Rng(seed)
  for (let at = 0; at < images; ) {
    const order = rng.permutation(set.length).subarray(0, images - at)
    indices.set(order, at)
    at += order.length
  }
  return subset(set, indices)
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]

/** Milliseconds per image: bursts of the networks in turn, as `kinglet measure` times whole networks. */
const timed = async (nets) =>
  (
    await engineTimer(engine).time(
      nets.map((net) => net.graph()),
      { rounds: values.tiny ? 3 : 100, runs: 3, warmupMs: 200 },
    )
  ).map(median)

async function experiment(network, seed) {
  const [name, text] = network.split(':')
  const width = Number(text)
  const folder = join(values.out, `${name}-${seed}`)
  const net = build(name, { ...base, width, classes, seed })
  await learn(net, train, join(folder, 'base'), scratch(seed))
  const narrow = widest(name, width, guide.value(net) * number('share'), guide, seed)
  const budget = guide.value(narrow)
  const found = { base: net }
  const byGuide = await adapted(net, guide, budget, join(folder, `by-${guide.name}`), seed)
  found.netadapt = byGuide.model
  if (latency && seed === seeds[0]) {
    const most = macs.value(byGuide.model)
    found.netadaptByMacs = (await adapted(net, macs, most, join(folder, 'by-macs'), seed)).model
  }
  await learn(narrow, train, join(folder, 'width', 'base'), scratch(seed))
  const short = (byGuide.points.length - 1) * steps * batch
  if (short > 0) await learn(narrow, rounds(train, short, seed), join(folder, 'width', 'short'), tuning(seed, 1))
  await learn(narrow, train, join(folder, 'width', `long-${long}`), tuning(seed))
  found.width = narrow
  // The base network before it was adapted: fine-tuning replaces weights in place.
  const file = join(folder, 'base', runFiles.model)
  const { architecture, weights } = readModelFile(readFileSync(file), file)
  found.base = restore(architecture, weights, file)
  const names = Object.keys(found)
  const ms = await timed(Object.values(found))
  const rows = []
  for (const [i, kind] of names.entries()) {
    const model = found[kind]
    const tableMs = latency?.value(model)
    rows.push({
      network: name,
      seed,
      kind,
      top1: await accuracy(model),
      macs: macs.value(model),
      tableMs,
      measuredMs: ms[i],
    })
  }
  return { rows, curve: byGuide.points }
}

const called = {
  base: 'before',
  netadapt: `NetAdapt, guided by ${latency ? 'latency' : 'multiply-adds'}`,
  netadaptByMacs: 'NetAdapt, guided by multiply-adds',
  width: 'width multiplier',
}
const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length

/** The table of docs/search.md: means over the seeds. */
function tableOf(results) {
  const rows = results.flatMap((r) => r.rows)
  const kinds = [...new Set(rows.map((r) => `${r.network} ${r.kind}`))]
  const lines = kinds.map((key) => {
    const own = rows.filter((r) => `${r.network} ${r.kind}` === key)
    const top1 = own.map((r) => (100 * r.top1).toFixed(2)).join(', ')
    // In per cent of the network before, which was timed in turn with this one.
    const before = (r) => rows.find((b) => b.network === r.network && b.seed === r.seed && b.kind === 'base')
    const ms = (100 * mean(own.map((r) => r.measuredMs / before(r).measuredMs))).toFixed(0)
    const byTable = latency ? mean(own.map((r) => r.tableMs)).toFixed(3) : ''
    const millions = (mean(own.map((r) => r.macs)) / 1e6).toFixed(2)
    const { network, kind } = own[0]
    return `| ${network} | ${called[kind]} | ${(100 * mean(own.map((r) => r.top1))).toFixed(2)} | ${top1} | ${millions} | ${byTable} | ${ms} |`
  })
  const head = [
    'network',
    '',
    'top-1 in %',
    'of each seed',
    'MACs in M',
    'ms by the table',
    'time measured, in % of before',
  ]
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...lines, ''].join('\n')
}

makeFolder(values.out)
const results = []
const write = (name, text) => writeFileAtomic(join(values.out, name), new TextEncoder().encode(text))
for (const seed of seeds)
  for (const network of values.networks.split(',')) {
    results.push(await experiment(network, seed))
    write('results.json', `${JSON.stringify({ options: values, results }, undefined, 2)}\n`)
    write('results.md', tableOf(results))
  }
process.stdout.write(tableOf(results))
await pool.close()
