/**
 * Measures the gain of a second core at the moment: arithmetic without memory, by one worker and then by two at once.
 * On two idle cores the gain is 2. It is less if the host runs both on one core, or gives a core to others. No
 * runtime's second thread can gain more.
 */
import { Worker } from 'node:worker_threads'

/** Products and sums in eight independent chains, enough to keep the arithmetic of a core busy. */
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

/** Starts two workers. `gain` returns the work of two divided by the work of one. */
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
