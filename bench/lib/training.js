/**
 * Training steps beside PyTorch's: the same network, batch and optimiser, on a batch that stays in memory. Whether both
 * compute the same is held elsewhere, by golden values of torchvision in Kinglet's tests; here both must count the same
 * parameters.
 */
import { fileURLToPath } from 'node:url'
import { quartiles } from '../kinglet.js'
import { startNode, startProgram } from '../node/process.js'
import { interleave, speedup } from './rounds.js'

const fileOf = (name) => fileURLToPath(new URL(`../training/${name}`, import.meta.url))

/** What is trained. */
export const cases = [
  { title: 'V2, 32 px', model: 'mobilenet_v2', imageSize: 32 },
  { title: 'V2, 96 px', model: 'mobilenet_v2', imageSize: 96 },
  { title: 'V3-S, 96 px', model: 'mobilenet_v3_small', imageSize: 96 },
]
const common = { batch: 32, classes: 10, learningRate: 0.02, momentum: 0.9, weightDecay: 4e-5 }

/** Trainers by name; each starts with the options of a case and a number of threads. */
export const trainers = {
  kinglet: { label: 'Kinglet', start: (options) => startNode(fileOf('kinglet.js'), options) },
  torch: {
    label: 'PyTorch, channels last',
    start: (options, python) => startProgram(python, [fileOf('torch_step.py')], options),
  },
}

/** @param {{ rounds: number, runs: number, threads: number[], python: string, names: string[] }} plan */
export async function timeTraining(item, plan) {
  const { title, ...network } = item
  const open = []
  const failed = []
  for (const trainer of plan.names)
    for (const threads of plan.threads) {
      try {
        const started = await trainers[trainer].start({ ...network, ...common, threads }, plan.python)
        open.push({ id: `${trainer}-${threads}`, trainer, threads, ...started })
      } catch (error) {
        failed.push({ trainer, threads, reason: String(error.message).split('\n')[0] })
      }
    }
  try {
    const [{ first: own }] = open
    for (const { id, first } of open) {
      if (!Number.isFinite(first.loss)) throw new Error(`${title}: the loss of ${id} is ${first.loss}`)
      if (first.parameters !== own.parameters)
        throw new Error(`${title}: ${id} trains ${first.parameters} parameters, ${open[0].id} ${own.parameters}`)
    }
    const times = await interleave(open, plan)
    const rows = []
    for (const { id, trainer, threads, first, end } of open) {
      const stepMs = quartiles(times.get(id).flat())
      const kinglet = times.get(`kinglet-${threads}`)
      rows.push({
        trainer,
        threads,
        stepMs,
        runs: times.get(id).flat().length,
        imagesPerSecond: (1000 * common.batch) / stepMs.median,
        ...(trainer !== 'kinglet' && kinglet && { kingletIsFaster: speedup(kinglet, times.get(id)) }),
        firstStepMs: first.firstMs,
        ...(first.version && { version: first.version }),
        ...(await end()),
      })
    }
    return { title, ...network, ...common, trainers: rows, failed }
  } finally {
    for (const { end } of open) await end()
  }
}
