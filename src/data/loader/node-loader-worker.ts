/**
 * The worker thread of a loader. It keeps no state between tasks. Each message has the task, the source of its images
 * (in shared memory, so sending it is cheap) and a word of shared memory that becomes 1 when the task is cancelled.
 */

import { parentPort } from 'node:worker_threads'
import { KingletError, Queue } from '../../core/index.ts'
import { type Dataset, type DatasetSource, openSubset } from '../sets/dataset.ts'
import { openFiles } from '../sets/node-files.ts'
import { openPixels } from '../sets/pixels.ts'
import { runTask, type Tasks } from './tasks.ts'

/** Message to a worker. */
export interface WorkerRequest<K extends keyof Tasks = keyof Tasks> {
  readonly id: number
  readonly kind: K
  readonly task: Tasks[K]['task']
  readonly source: DatasetSource
  readonly unwanted: Int32Array
}

/** Message from a worker: a result or an error. `mistake`: a user's mistake (a `KingletError`), not a defect. */
export type WorkerReply =
  | { readonly id: number; readonly result: Tasks[keyof Tasks]['result'] }
  | {
      readonly id: number
      readonly error: { readonly message: string; readonly stack: string; readonly mistake: boolean }
    }

/** The caller keeps the class names: a task needs only their number. */
function open(source: DatasetSource): Dataset {
  if (source.kind === 'subset') return openSubset(open(source.of), source.indices)
  return source.kind === 'pixels' ? openPixels(source, []) : openFiles(source, [])
}

async function answer<K extends keyof Tasks>({ id, kind, task, source, unwanted }: WorkerRequest<K>): Promise<void> {
  const pause = () => {
    if (Atomics.load(unwanted, 0) === 1) throw new KingletError('loader: this batch was cancelled')
  }
  try {
    const result: Tasks[keyof Tasks]['result'] = await runTask[kind](task, open(source), pause)
    const buffers = Object.values(result).flatMap((value) =>
      value?.buffer instanceof ArrayBuffer ? [value.buffer] : [],
    )
    reply({ id, result }, buffers)
  } catch (thrown) {
    const { message, stack = '' } = thrown instanceof Error ? thrown : new Error(String(thrown))
    reply({ id, error: { message, stack, mistake: thrown instanceof KingletError } })
  }
}

const reply = (message: WorkerReply, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer)

// One task at a time, in their order: the caller waits for the oldest task.
const queue = new Queue()
parentPort?.on('message', (request: WorkerRequest) => void queue.run(() => answer(request)))
