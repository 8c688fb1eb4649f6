/**
 * Evaluations in a process of their own, so that one that crashes, or uses up its memory, is a trial with a reason and
 * not the end of the study. Each starts a process (some 50 ms); it ends with the one that started it, at the latest.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { after, assert, assertOptions, checks, KingletError } from '../../../core/index.ts'
import { type EvaluationContext, type Evaluator, type Outcome, Paused, Pruned } from '../../evaluate/evaluator.ts'
import type { Point } from '../../space/space.ts'
import type { Objective, StepReport } from '../../trial.ts'

export interface ChildEvaluatorOptions {
  readonly name: string
  readonly objectives: readonly Objective[]
  /** Address of a module (a `file:` URL or a package) that exports a function which makes the evaluator. */
  readonly module: string | URL
  /** Name of that function. Default `default`. */
  readonly exported?: string
  /** What the function is given: JSON. */
  readonly options?: unknown
  /** Most that JavaScript objects may take, in MiB. Default: Node's own limit. */
  readonly memoryMiB?: number
}

export type ToChild =
  | {
      readonly kind: 'evaluate'
      readonly module: string
      readonly exported: string
      readonly options: unknown
      readonly point: Point
      readonly context: Pick<EvaluationContext, 'number' | 'seed' | 'folder'>
    }
  /** What a report leads to: `end` is what it throws. */
  | { readonly kind: 'answer'; readonly end?: 'Pruned' | 'Paused' | 'Error'; readonly message?: string }
  | { readonly kind: 'stop'; readonly message: string }

/** How an evaluation's error looks from outside. */
interface Reason {
  readonly name: string
  readonly message: string
  /** A person's mistake, not a defect. */
  readonly mistake: boolean
}

export type FromChild =
  | { readonly kind: 'report'; readonly report: StepReport }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | ({ readonly kind: 'error' } & Reason)

export const reasons = (error: unknown): Reason =>
  error instanceof Error
    ? { name: error.name, message: error.message, mistake: error instanceof KingletError }
    : { name: 'Error', message: String(error), mistake: false }

/** How long a child that was told to stop may take until it is ended. */
const graceSeconds = 5

/**
 * An evaluator whose work is done by a process for each trial: that imports `module`, makes the evaluator with
 * `options`, and evaluates. Throws a `UsageError` for options that cannot be. A process that ends without an answer
 * makes `evaluate` reject with a `KingletError` that says how it ended.
 *
 * @example
 * ```ts
 * import { childEvaluator } from 'kinglet/search'
 *
 * const code = 'export default ({ at }) => ({ evaluate: async ({ x }) => ({ values: [(x - at) ** 2] }) })'
 * const evaluator = childEvaluator({
 *   name: 'parabola',
 *   objectives: [{ name: 'loss', direction: 'minimize' }],
 *   module: `data:text/javascript,${encodeURIComponent(code)}`,
 *   options: { at: 3 },
 * })
 * const { signal } = new AbortController()
 * const { values } = await evaluator.evaluate({ x: 5 }, { number: 0, seed: 0, signal, report: async () => {} })
 * values // => [4]
 * ```
 */
export function childEvaluator(settings: ChildEvaluatorOptions): Evaluator {
  const { name, objectives, memoryMiB } = settings
  assertOptions('childEvaluator', { memoryMiB }, { memoryMiB: checks.count })
  return { name, objectives, evaluate: (point, context) => evaluateIn(start(memoryMiB), settings, point, context) }
}

/** The child's file: beside this one in the package; from the sources, which Node cannot run, the built one. */
function childFile(): string {
  const here = import.meta.url.endsWith('.ts') ? '../../../../dist/search/study/child/' : './'
  const path = fileURLToPath(new URL(`${here}node-main.js`, import.meta.url))
  assert(existsSync(path), () => `child evaluator: ${path} is missing: run npm run build`)
  return path
}

function start(memoryMiB: number | undefined): ChildProcess {
  const execArgv = memoryMiB === undefined ? [] : [`--max-old-space-size=${memoryMiB}`]
  // Structured clones, so that NaN is told as NaN.
  return fork(childFile(), { execArgv, serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
}

async function evaluateIn(
  child: ChildProcess,
  { module, exported = 'default', options }: ChildEvaluatorOptions,
  point: Point,
  { number, seed, folder, signal, report }: EvaluationContext,
): Promise<Outcome> {
  const tell = (message: ToChild) => child.connected && child.send(message, () => {})
  const kill = () => child.kill('SIGKILL')
  let said = ''
  let cancelKill: (() => void) | undefined
  const stop = () => {
    tell({ kind: 'stop', message: String(signal.reason?.message ?? signal.reason) })
    cancelKill = after(1000 * graceSeconds, kill)
  }
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000)
  })
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  const context = { number, seed, ...(folder !== undefined && { folder }) }
  tell({ kind: 'evaluate', module: String(module), exported, options, point, context })
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      let stopped: unknown
      child.on('message', async (message: FromChild) => {
        if (message.kind === 'outcome') resolve(message.outcome)
        else if (message.kind === 'error') reject(stopped ?? revived(message))
        else
          await report(message.report).then(
            () => tell({ kind: 'answer' }),
            (error) => {
              stopped = error
              const end = error instanceof Pruned ? 'Pruned' : error instanceof Paused ? 'Paused' : 'Error'
              tell({ kind: 'answer', end, message: error.message })
            },
          )
      })
      child.on('error', reject)
      // `close`: its last words have been heard.
      child.on('close', (code, by) => reject(stopped ?? new KingletError(ending(code, by, said))))
    })
  } finally {
    signal.removeEventListener('abort', stop)
    cancelKill?.()
    kill()
  }
}

const revived = ({ name, message, mistake }: Reason): Error =>
  mistake ? new KingletError(message) : Object.assign(new Error(message), { name })

/** How a process ended that gave no answer. */
function ending(code: number | null, by: NodeJS.Signals | null, said: string): string {
  if (/heap out of memory|Zone Allocation failed|out of memory/i.test(said)) return 'out of memory: its process ended'
  const how = by ? `by ${by}${by === 'SIGKILL' ? ', perhaps for want of memory' : ''}` : `with exit code ${code}`
  const last = said.trim().split('\n').at(-1)
  return `its process ended ${how}${last ? `: ${last}` : ''}`
}
