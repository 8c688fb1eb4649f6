/** Training that is kept in a trial's folder: killed at any moment, it goes on from its last checkpoint. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../../platform/node/index.ts'
import { openRun, readMetrics, runFiles } from '../../train/node.ts'
import type { Kept } from './training.ts'

/** Beside the run's own files: the last epoch that the study has heard of. */
const heardFile = 'heard'

/**
 * The run in `folder`, gone on with if there is one: give it to an evaluation as `keep`. The trial's file is `model`,
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
    // What a killed process left before its first checkpoint is no run: it is written over.
    store: openRun(folder, isBegun ? { resume: true } : { force: true }),
    reached: lines.flatMap((line) =>
      line.kind === 'epoch' && line.val ? [{ step: line.epoch, value: line.val.top1 }] : [],
    ),
    heard: isBegun && existsSync(heard) ? Number(readFileSync(heard, 'utf8')) : 0,
    hear: (step) => writeFileAtomic(heard, new TextEncoder().encode(String(step))),
    files: { model: runFiles.model },
  }
}
