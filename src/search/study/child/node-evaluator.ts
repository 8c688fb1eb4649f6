/**
 * Evaluations in processes of their own: a crash or exhausted memory is then a failed trial with a reason, not the end
 * of the study. Each trial starts a process, which takes about 50 ms. The process ends with its parent at the latest.
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
  /** Address of a module (a `file:` URL or a package) with a function that creates the evaluator. */
  readonly module: string | URL
  /** Name of that function. Default `default`. */
  readonly exported?: string
  /** The argument of the function: JSON. */
  readonly options?: unknown
  /** Upper bound on the memory of JavaScript objects, in MiB. Default: Node's own limit. */
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
  /** The answer to a report. `end` is the error that the report throws in the child. */
  | { readonly kind: 'answer'; readonly end?: 'Pruned' | 'Paused' | 'Error'; readonly message?: string }
  | { readonly kind: 'stop'; readonly message: string }

/** An evaluation's error, as data. */
interface Reason {
  readonly name: string
  readonly message: string
  /** A user's mistake (a `KingletError`), not a defect. */
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

/** How long an aborted child may take to stop. After that it is killed. */
const graceSeconds = 5

/**
 * An evaluator that runs each trial in a process, which imports `module`, creates the evaluator with `options` and
 * evaluates the point. Throws a `UsageError` for invalid options. When the process ends without an answer, `evaluate`
 * rejects with a `KingletError` that says how it ended.
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

/**
 * The child's program: beside this file in the package. When running from the sources, the built one, since Node cannot
 * run the sources.
 */
function childFile(): string {
  const here = import.meta.url.endsWith('.ts') ? '../../../../dist/search/study/child/' : './'
  const path = fileURLToPath(new URL(`${here}node-main.js`, import.meta.url))
  assert(existsSync(path), () => `child evaluator: ${path} is missing: run npm run build`)
  return path
}

function start(memoryMiB: number | undefined): ChildProcess {
  const execArgv = memoryMiB === undefined ? [] : [`--max-old-space-size=${memoryMiB}`]
  // Structured clones keep NaN.
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
      // `close` comes after the end of stderr.
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

/** How a process without an answer ended. */
function ending(code: number | null, by: NodeJS.Signals | null, said: string): string {
  if (/heap out of memory|Zone Allocation failed|out of memory/i.test(said)) return 'out of memory: its process ended'
  const how = by ? `by ${by}${by === 'SIGKILL' ? ', perhaps out of memory' : ''}` : `with exit code ${code}`
  const last = said.trim().split('\n').at(-1)
  return `its process ended ${how}${last ? `: ${last}` : ''}`
}
