/**
 * The child process of `node-evaluator.ts`, which evaluates one trial. It does not outlive its parent: a thread watches
 * the parent, since an evaluation that computes without yielding would not notice its end.
 */
import { Worker } from 'node:worker_threads'
import { Paused, Pruned } from '../../evaluate/evaluator.ts'
import { type FromChild, reasons, type ToChild } from './node-evaluator.ts'

const parent = process.ppid
const watch = `
const { workerData } = require('node:worker_threads')
setInterval(() => process.ppid === workerData || process.kill(process.pid, 'SIGKILL'), 100)
`
new Worker(watch, { eval: true, workerData: parent, execArgv: [] }).unref()
process.on('disconnect', () => process.exit(1))

const stop = new AbortController()
/** Resolves the pending report with its answer. */
let answered: ((answer: Extract<ToChild, { kind: 'answer' }>) => void) | undefined

/** Sends a message. When it resolves, the message is sent and the process may end. */
const tell = (message: FromChild) => new Promise<void>((resolve) => process.send!(message, () => resolve()))

async function evaluate({ module, exported, options, point, context }: Extract<ToChild, { kind: 'evaluate' }>) {
  try {
    const make = (await import(module))[exported]
    if (typeof make !== 'function') throw new TypeError(`${module} has no function ${exported}`)
    const evaluator = await make(options)
    const outcome = await evaluator.evaluate(point, {
      ...context,
      signal: stop.signal,
      async report(report: { step: number; value: number }) {
        const answer = new Promise<Extract<ToChild, { kind: 'answer' }>>((resolve) => {
          answered = resolve
        })
        await tell({ kind: 'report', report })
        const { end, message } = await answer
        if (end) throw new { Pruned, Paused, Error }[end](message)
      },
    })
    await tell({ kind: 'outcome', outcome })
  } catch (error) {
    await tell({ kind: 'error', ...reasons(error) })
  }
  process.exit()
}

process.on('message', (message: ToChild) => {
  if (message.kind === 'evaluate') void evaluate(message)
  else if (message.kind === 'answer') answered?.(message)
  else stop.abort(new Error(message.message))
})
