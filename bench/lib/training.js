/**
 * Compares training steps with PyTorch's: the same network, batch and optimiser, on a batch that stays in memory.
 * Kinglet's tests check that both compute the same, with golden values of torchvision. Here both must only have the
 * same number of parameters.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { quartiles } from '../kinglet.js'
import { startNode, startProgram } from '../node/process.js'
import { startTrainingBefore } from './before.js'
import { firstLine, interleave, rounded, speedup } from './rounds.js'

const fileOf = (name) => fileURLToPath(new URL(`../training/${name}`, import.meta.url))

/** The trained networks. */
export const cases = [
  { title: 'V2, 32 px', model: 'mobilenet_v2', imageSize: 32 },
  { title: 'V2, 96 px', model: 'mobilenet_v2', imageSize: 96 },
  { title: 'V3-S, 96 px', model: 'mobilenet_v3_small', imageSize: 96 },
]
export const common = { batch: 32, classes: 10, learningRate: 0.02, momentum: 0.9, weightDecay: 4e-5 }

/** Trainers by name: numbers of threads, and a function that starts one with the options of a case. */
export const trainers = {
  kinglet: { label: 'Kinglet', threads: [1, 2], start: (options) => startNode(fileOf('kinglet.js'), options) },
  torch: {
    label: 'PyTorch, channels last',
    threads: [1, 2],
    start(options, python) {
      if (!python)
        throw new Error('no python3 with torch and torchvision: apt-get install python3-torch python3-torchvision')
      return startProgram(python, [fileOf('torch_step.py')], options)
    },
  },
  tfjs: { label: 'TensorFlow.js wasm', threads: [1], start: (options) => startNode(fileOf('tfjs.js'), options) },
}

/** Kinglet of another checkout, compared instead of the other trainers. */
const beside = (before) => ({
  kinglet: trainers.kinglet,
  before: { threads: [1, 2], start: (options) => startTrainingBefore(before, options) },
})

/** A Python that has PyTorch, or undefined. */
export const findPython = () =>
  ['python3', '/usr/bin/python3'].find((path) => spawnSync(path, ['-c', 'import torch, torchvision']).status === 0)

/** Starts all trainers. Trainers that do not start are in `failed`. */
async function startAll(network, python, before) {
  const open = []
  const failed = []
  for (const [trainer, { threads: counts, start }] of Object.entries(before === undefined ? trainers : beside(before)))
    for (const threads of counts)
      try {
        const started = await start({ ...network, ...common, threads }, python)
        open.push({ id: `${trainer}-${threads}`, trainer, threads, ...started })
      } catch (error) {
        failed.push({ trainer, threads, reason: firstLine(error) })
      }
  return { open, failed }
}

/** @param {{ warmup: number, rounds: number, runs: number, python: string | undefined, before?: string, say: (text: string) => void }} plan */
export async function timeTraining(item, plan) {
  const { title, ...network } = item
  plan.say(`training, ${title}: starting and compiling`)
  const { open, failed } = await startAll(network, plan.python, plan.before)
  try {
    const [{ first: own }] = open
    for (const { id, first } of open) {
      if (!Number.isFinite(first.loss)) throw new Error(`${title}: the loss of ${id} is ${first.loss}`)
      if (!id.startsWith('tfjs') && first.parameters !== own.parameters)
        throw new Error(`${title}: ${id} trains ${first.parameters} parameters, ${open[0].id} ${own.parameters}`)
    }
    plan.say(`training, ${title}: ${plan.rounds} rounds of ${open.length} contenders`)
    const times = await interleave(open, plan)
    const rows = []
    for (const { id, trainer, threads, first, end } of open) {
      const stepMs = quartiles(times.get(id).flat())
      const kinglet = times.get(`kinglet-${threads}`)
      rows.push({
        trainer,
        threads,
        stepMs,
        imagesPerSecond: (1000 * common.batch) / stepMs.median,
        ...(trainer !== 'kinglet' && kinglet && { kingletIsFaster: speedup(kinglet, times.get(id)) }),
        firstStepMs: first.firstMs,
        ...(first.version && { version: first.version }),
        ...(await end()),
        times: rounded(times.get(id)),
      })
    }
    return { title, ...network, ...common, trainers: rows, failed }
  } finally {
    for (const { end } of open) await end()
  }
}
