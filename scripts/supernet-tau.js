/**
 * `node scripts/supernet-tau.js [--networks 20] [--rounds 1500] [--epochs 4] [--images 10000] [--out
 * runs/supernet-tau]`: measures how well a weight-sharing supernet and zero-cost proxies rank the networks of a small
 * space of MobileNet V3 blocks, on the slice of Fashion-MNIST in data/fashion-mnist. It trains the supernet, then each
 * network alone, and prints Kendall's tau and Spearman's rank correlation with the networks' accuracies as the table of
 * docs/search.md. The folder keeps all state: the same command resumes.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './prepare.js'

const { Rng, key } = await import('../dist/core/index.js')
const { openDataset, preprocessingPreset, subset } = await import('../dist/data/node.js')
const { provenanceNow, readModelFile, writeModelFile } = await import('../dist/formats/index.js')
const { makeFolder, writeFileAtomic } = await import('../dist/platform/node/index.js')
const { build, makeDivisible, restore } = await import('../dist/models/index.js')
const search = await import('../dist/node-search.js')
const { wasmEngine } = await import('../dist/wasm/index.js')

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '1500' },
    epochs: { type: 'string', default: '4' },
    images: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '0' },
    out: { type: 'string', default: join(root, 'runs/supernet-tau') },
  },
})
const { out, ...texts } = values
const settings = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]))
const { networks, rounds, epochs, images, seed } = settings

const stages = [1, 2, 3]
const channels = [
  [8, 12, 16],
  [16, 24, 32],
  [24, 36, 48],
]
const ordered = (...all) => ({ kind: 'categorical', values: all, ordered: true })
const space = search.defineSpace(
  'small-v3',
  Object.fromEntries(
    stages.flatMap((s) => [
      [`stage${s}.depth`, ordered(1, 2, 3)],
      [`stage${s}.width`, ordered(...channels[s - 1])],
      [`stage${s}.kernel`, ordered(3, 5)],
      [`stage${s}.ratio`, ordered(2, 3, 4)],
    ]),
  ),
)
const depthsOf = (point) => stages.map((s) => point[`stage${s}.depth`])

/** V3's blocks at 28 x 28: a stem of stride 2 and three stages; the last two stages start with stride 2. */
function networkOf(point, own = seed) {
  const row = { kernel: 3, exp: 0, outAct: 'none', stride: 1, shortcut: true, se: false, bias: true }
  const act = 'hard_swish'
  const rows = [{ ...row, name: 'stem', operator: 'conv', out: 12, act, stride: 2 }]
  for (const s of stages)
    for (let b = 0; b < point[`stage${s}.depth`]; b++) {
      const [input, kernel] = [rows.at(-1).out, point[`stage${s}.kernel`]]
      // Never equal to the input channels: then every block has an expansion, as in the supernet.
      const exp = makeDivisible(input * point[`stage${s}.ratio`], 4)
      const block = {
        operator: 'bneck',
        kernel,
        exp,
        out: point[`stage${s}.width`],
        act,
        stride: s > 1 && b === 0 ? 2 : 1,
      }
      rows.push({ ...row, ...block, name: `blocks.${rows.length - 1}` })
    }
  rows.push({ ...row, name: 'last', operator: 'conv', kernel: 1, out: 96, act })
  rows.push({ ...row, name: 'pool', operator: 'pool', act: 'none', out: 0 })
  rows.push({ ...row, name: 'classifier', operator: 'linear', act: 'none', out: 10 })
  return build('mobilenet_v3_small', { rows, size: 28, classes: 10, dropout: 0, seed: own })
}

makeFolder(out)
const engine = wasmEngine()
const opened = await openDataset(join(root, 'data/fashion-mnist'))
const first = (set, count) => subset(set, new Rng(key(seed, 1)).permutation(set.length).slice(0, count))
const data = { train: first(opened.train, images), val: opened.val }
const preprocessing = preprocessingPreset('whole', 28)

/** The results so far, written after each step. */
const resultsPath = join(out, 'results.json')
const fresh = { settings, networks: [] }
const kept = existsSync(resultsPath) ? JSON.parse(readFileSync(resultsPath, 'utf8')) : fresh
if (JSON.stringify(kept.settings) !== JSON.stringify(settings))
  throw new Error(
    `${resultsPath}: it is of ${JSON.stringify(kept.settings)}, now ${JSON.stringify(settings)}: give another --out`,
  )
const keep = () => writeFileAtomic(resultsPath, new TextEncoder().encode(`${JSON.stringify(kept, null, 1)}\n`))

const largest = search.extremePoint(space, 'largest')
const supernetPath = join(out, 'supernet.safetensors')
async function trainedSupernet() {
  if (existsSync(supernetPath)) {
    const { architecture, weights } = readModelFile(readFileSync(supernetPath), supernetPath)
    return restore(architecture, weights, supernetPath)
  }
  const supernet = networkOf(largest)
  const options = { space, networkOf, depthsOf, largest, engine, rounds, batch: 64, seed }
  for await (const { round, steps } of search.trainSupernet(supernet, data.train, options))
    if (round % Math.max(1, Math.floor(rounds / 20)) === 0)
      console.log(`supernet ${round}/${rounds}: loss ${steps.map((s) => s.loss.toFixed(3)).join(' ')}`)
  const { architecture, weights } = supernet
  const provenance = provenanceNow({ trainedOn: 'fashion-mnist', seed })
  writeFileAtomic(
    supernetPath,
    writeModelFile({ architecture, weights, classes: data.train.classes, preprocessing, provenance }),
  )
  return supernet
}

const supernet = await trainedSupernet()
const shared = search.supernetEvaluation({ networkOf, depthsOf, largest, supernet, data, engine })
const alone = search.trainingEvaluation({ networkOf, data, engine, epochs, trainingOf: () => ({ batch: 64 }) })
const context = { number: 0, seed, signal: new AbortController().signal, report: async () => {} }
for (let i = kept.networks.length; i < networks; i++) {
  const point = search.samplePoint(space, new Rng(key(seed, 2, i)))
  const scores = await search.proxyScores(networkOf(point), search.proxyNames, {
    engine,
    data: data.train,
    batch: 64,
    seed,
  })
  const [asSlice] = (await shared.evaluate(point, context)).values
  const [accuracy] = (await alone.evaluate(point, context)).values
  kept.networks.push({ point, accuracy, scores: { supernet: asSlice, ...scores } })
  keep()
  console.log(
    `network ${i + 1}/${networks}: alone ${(100 * accuracy).toFixed(2)} %, slice ${(100 * asSlice).toFixed(2)} %`,
  )
}

const accuracies = kept.networks.map((n) => n.accuracy)
const names = Object.keys(kept.networks[0].scores)
const scores = Object.fromEntries(names.map((name) => [name, kept.networks.map((n) => n.scores[name])]))
kept.comparison = search.compareProxies(scores, accuracies)
keep()
console.log("\n| ranked by | Kendall's tau | Spearman's rho | tau beyond the number of parameters |\n|---|---|---|---|")
for (const { name, tau, spearman, beyondParameters } of kept.comparison)
  console.log(`| ${name} | ${tau.toFixed(2)} | ${spearman.toFixed(2)} | ${beyondParameters.toFixed(2)} |`)
process.exit()
