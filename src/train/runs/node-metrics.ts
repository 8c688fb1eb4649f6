/** `metrics.jsonl`: the metrics of a run, one line of JSON for each epoch and for every few steps. */
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs'
import { writeFileAtomic, writing } from '../../platform/node/index.ts'
import type { TrainStep } from '../train-step.ts'

interface Line {
  readonly epoch: number
  /** Completed steps of the whole run. */
  readonly step: number
  readonly loss: number
  readonly accuracy: number
  readonly learningRate: number
  readonly imagesPerSecond: number
  /** Time of writing: ISO 8601. */
  readonly time: string
}

/** One line of `metrics.jsonl`. */
export type Metrics =
  /** Loss and accuracy of this step's images. */
  | (Line & { readonly kind: 'step' })
  /** Loss and accuracy are means over the epoch; `val` is present if there are validation images. */
  | (Line & {
      readonly kind: 'epoch'
      readonly val?: { readonly loss: number; readonly top1: number; readonly top5: number }
    })

/** Makes the line of a step. */
export function stepMetrics({ epoch, step, loss, accuracy, learningRate, imagesPerSecond }: TrainStep): Metrics {
  return { kind: 'step', epoch, step, loss, accuracy, learningRate, imagesPerSecond, time: new Date().toISOString() }
}

/** Makes the line of an epoch from its last step. */
export function epochMetrics(last: TrainStep): Metrics {
  const { epoch, step, epochLoss: loss, epochAccuracy: accuracy, learningRate, imagesPerSecond, validation } = last
  return {
    ...{ kind: 'epoch', epoch, step, loss, accuracy, learningRate, imagesPerSecond },
    ...(validation && { val: { loss: validation.loss, top1: validation.top1, top5: validation.top5 } }),
    time: new Date().toISOString(),
  }
}

export const appendMetrics = (path: string, line: Metrics): void =>
  writing(path, () => appendFileSync(path, `${JSON.stringify(line)}\n`))

/** Flushes appended lines to the disk. */
export function syncFile(path: string): void {
  if (!existsSync(path)) return
  writing(path, () => {
    const file = openSync(path, 'r+')
    try {
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  })
}

/**
 * Reads the lines of a `metrics.jsonl`. Returns none if the file does not exist. Reading stops at an incomplete line,
 * which a run leaves when it is killed while writing.
 *
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { readMetrics } from 'kinglet/train'
 *
 * const path = join(mkdtempSync(join(tmpdir(), 'kinglet-')), 'metrics.jsonl')
 * writeFileSync(path, '{"kind":"step","epoch":1,"step":10,"loss":2.3}\n{"kind":"st')
 * readMetrics(path).map((line) => line.loss) // => [2.3]
 * ```
 */
export function readMetrics(path: string): Metrics[] {
  if (!existsSync(path)) return []
  const lines: Metrics[] = []
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    try {
      lines.push(JSON.parse(text))
    } catch {
      break
    }
  }
  return lines
}

/** Removes the lines of step `step` and later, which a resumed run writes again. */
export function cutMetrics(path: string, step: number): void {
  if (!existsSync(path)) return
  const kept = readMetrics(path).filter((line) => line.step < step)
  writeFileAtomic(path, new TextEncoder().encode(kept.map((line) => `${JSON.stringify(line)}\n`).join('')))
}
