/**
 * Your own evaluation strategy in place of Kinglet's. It trains a network for a few epochs and tests it twice, on clean
 * images and on the same images with noise. Both accuracies are objectives, so the study has a front of networks that
 * trade accuracy against robustness. The strategy does not know how points are chosen or where results are stored.
 */
import { Rng } from 'kinglet/core'
import { arrays, type Dataset, preprocessingPreset } from 'kinglet/data'
import { build } from 'kinglet/models'
import { algorithmOf, defineSpace, type Evaluator, memoryStore, runStudy, studyOf } from 'kinglet/search'
import { evaluate, fit } from 'kinglet/train'
import { wasmEngine } from 'kinglet/wasm'

const [side, count] = [16, 12]

/** Images that are bright on the left or on the right, with noise of up to `noise`. */
function images(noise: number, seed: number): Dataset {
  const rng = new Rng(seed)
  const labels = Array.from({ length: count }, (_, i) => i % 2)
  const pixels = Uint8Array.from({ length: count * side * side }, (_, i) => {
    const isBright = i % side < side / 2 === (labels[Math.floor(i / side ** 2)] === 0)
    return Math.min(255, (isBright ? 120 : 60) + rng.integer(noise))
  })
  return arrays({ width: side, height: side, channels: 1, pixels, labels, classes: ['left', 'right'] })
}

const engine = wasmEngine({ threads: 1 })
const preprocessing = preprocessingPreset('whole', side)
const [train, clean, noisy] = [images(40, 1), images(40, 2), images(135, 3)]

const robustness: Evaluator = {
  name: 'robustness',
  objectives: [
    { name: 'accuracy', direction: 'maximize' },
    { name: 'noisyAccuracy', direction: 'maximize' },
  ],
  async evaluate({ width, learningRate }, { seed, signal, report }) {
    const size = { size: side, reduction: 4, classes: 2 }
    const net = build('mobilenet_v1_shallow', { ...size, width: Number(width), seed })
    const options = { engine, preprocessing, epochs: 10, batch: 6, learningRate: Number(learningRate), seed, signal }
    // A pruner may end the trial here. Do not catch the error of report.
    for await (const { epoch, validation } of fit(net, { train, val: clean }, options))
      if (validation) await report({ step: epoch, value: validation.top1 })
    const judged = await Promise.all([clean, noisy].map((set) => evaluate(net, set, { engine, preprocessing })))
    return { values: judged.map((found) => found.top1) }
  },
}

const parts = {
  space: defineSpace('small networks', {
    width: { kind: 'categorical', values: [0.05, 0.1], ordered: true },
    learningRate: { kind: 'real', low: 0.001, high: 0.03, log: true },
  }),
  algorithm: algorithmOf('nsga2', {}),
  evaluator: robustness,
}
const trials = await runStudy({ store: memoryStore(studyOf({ name: 'robust', trials: 3, ...parts })), ...parts })
for (const { number, point, values = [] } of trials)
  console.log(
    `trial ${number}: width ${point.width}, ${values.map((v) => `${Math.round(100 * v)} %`).join(', noisy ')}`,
  )
trials.map((trial) => trial.state) // => ['complete', 'complete', 'complete']
trials.map((trial) => trial.reports.length) // => [10, 10, 10]
