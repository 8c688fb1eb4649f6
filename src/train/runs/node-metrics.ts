/** `metrics.jsonl`: what a run tells, a line of JSON for each epoch and for every few steps. */
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs'
import { writeFileAtomic, writing } from '../../platform/node/index.ts'
import type { TrainStep } from '../train-step.ts'

interface Line {
  readonly epoch: number
  /** Steps done in the whole run. */
  readonly step: number
  readonly loss: number
  readonly accuracy: number
  readonly learningRate: number
  readonly imagesPerSecond: number
  /** When it was written: ISO 8601. */
  readonly time: string
}

/** One line of `metrics.jsonl`. */
export type Metrics =
  /** Loss and accuracy of this step's images. */
  | (Line & { readonly kind: 'step' })
  /** Loss and accuracy are means over the epoch; `val` is there when there are images for it. */
  | (Line & {
      readonly kind: 'epoch'
      readonly val?: { readonly loss: number; readonly top1: number; readonly top5: number }
    })

/** The line of a step. */
export function stepMetrics({ epoch, step, loss, accuracy, learningRate, imagesPerSecond }: TrainStep): Metrics {
  return { kind: 'step', epoch, step, loss, accuracy, learningRate, imagesPerSecond, time: new Date().toISOString() }
}

/** The line of the epoch whose last step this is. */
export function epochMetrics(told: TrainStep): Metrics {
  const { epoch, step, epochLoss: loss, epochAccuracy: accuracy, learningRate, imagesPerSecond, validation } = told
  return {
    ...{ kind: 'epoch', epoch, step, loss, accuracy, learningRate, imagesPerSecond },
    ...(validation && { val: { loss: validation.loss, top1: validation.top1, top5: validation.top5 } }),
    time: new Date().toISOString(),
  }
}

export const appendMetrics = (path: string, line: Metrics): void =>
  writing(path, () => appendFileSync(path, `${JSON.stringify(line)}\n`))

/** What has been appended reaches the disk. */
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
 * The lines of a `metrics.jsonl`; none when there is no such file. A last line that is not whole (of a run that was
 * killed while it wrote) and what follows it are left out.
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

/** Leaves out the lines of step `step` and later, which a resumed run writes again. */
export function cutMetrics(path: string, step: number): void {
  if (!existsSync(path)) return
  const kept = readMetrics(path).filter((line) => line.step < step)
  writeFileAtomic(path, new TextEncoder().encode(kept.map((line) => `${JSON.stringify(line)}\n`).join('')))
}
