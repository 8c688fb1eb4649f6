/**
 * What a second core gives at the moment: arithmetic without memory, by one worker and then by two at once. On two idle
 * cores that is 2; where a host puts both on one core, or gives one to others, it is less, and no runtime's second
 * thread can give more.
 */
import { Worker } from 'node:worker_threads'

/** Products and sums of eight independent chains: as many as keep a core's arithmetic busy. */
const work = `
const { parentPort } = require('node:worker_threads')
function chains(turns) {
  let [a, b, c, d, e, f, g, h] = [1, 2, 3, 4, 5, 6, 7, 8]
  for (let i = 0; i < turns; i++) {
    a = a * 0.999 + 0.5; b = b * 0.999 + 0.5; c = c * 0.999 + 0.5; d = d * 0.999 + 0.5
    e = e * 0.999 + 0.5; f = f * 0.999 + 0.5; g = g * 0.999 + 0.5; h = h * 0.999 + 0.5
  }
  return a + b + c + d + e + f + g + h
}
parentPort.on('message', (turns) => {
  chains(1000)
  const began = performance.now()
  const sum = chains(turns)
  parentPort.postMessage({ ms: performance.now() - began, sum })
})`
const turns = 4_000_000

/** Starts two workers; `gain` tells how many times as much two do as one. */
export async function openCores() {
  const workers = [0, 1].map(() => new Worker(work, { eval: true, execArgv: [] }))
  const run = (worker) =>
    new Promise((resolve) => {
      worker.once('message', ({ ms }) => resolve(ms))
      worker.postMessage(turns)
    })
  const both = () => Promise.all(workers.map(run))
  await both()
  return {
    async gain() {
      const alone = await run(workers[0])
      return (2 * alone) / Math.max(...(await both()))
    },
    end: () => Promise.all(workers.map((worker) => worker.terminate())),
  }
}
