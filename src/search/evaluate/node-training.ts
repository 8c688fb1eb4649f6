/**
 * Training with checkpoints in a trial's folder. A training that is killed at any moment resumes from its last
 * checkpoint.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../../platform/node/index.ts'
import { openRun, readMetrics, runFiles } from '../../train/node.ts'
import type { Kept } from './training.ts'

/** A file beside those of the run: the last epoch reported to the study. */
const heardFile = 'heard'

/**
 * Opens or resumes the training run in `folder`, for the option `keep` of an evaluation. The trial's file `model` is
 * the network after its last epoch.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { keepInFolder } from 'kinglet/search'
 *
 * keepInFolder(mkdtempSync(join(tmpdir(), 'kinglet-'))).files // => { model: 'model.safetensors' }
 * ```
 */
export function keepInFolder(folder: string): Kept {
  const isBegun = existsSync(join(folder, runFiles.checkpoint))
  const lines = isBegun ? readMetrics(join(folder, runFiles.metrics)) : []
  const heard = join(folder, heardFile)
  return {
    // Files of a process killed before its first checkpoint are not a run, and are overwritten.
    store: openRun(folder, isBegun ? { resume: true } : { force: true }),
    reached: lines.flatMap((line) =>
      line.kind === 'epoch' && line.val ? [{ step: line.epoch, value: line.val.top1 }] : [],
    ),
    heard: isBegun && existsSync(heard) ? Number(readFileSync(heard, 'utf8')) : 0,
    hear: (step) => writeFileAtomic(heard, new TextEncoder().encode(String(step))),
    files: { model: runFiles.model },
  }
}
