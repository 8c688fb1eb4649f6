/** The folder that `--out` names: checks that a run may use it, and reads the results of a run from it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../../core/index.ts'
import type { EpochRecord } from '../../door/reports/index.ts'
import { readModelFile } from '../../formats/index.ts'
import { readCheckpoint } from '../../train/index.ts'
import { assertNoRun, readMetrics, runFiles } from '../../train/node.ts'

export interface RunFolderOptions {
  readonly out: string
  readonly epochs: number
  readonly resume?: boolean
  readonly force?: boolean
}

/**
 * Throws for the most common reasons that prevent a run from starting. The check comes before the images are opened,
 * because opening them is slow. The run itself checks all reasons later.
 */
export function assertUsable({ out, epochs, resume = false, force = false }: RunFolderOptions): void {
  if (resume) assertSameEpochs(out, epochs)
  else if (!force) assertNoRun(out, { resume: '--resume', force: '--force' })
}

function assertSameEpochs(out: string, epochs: number): void {
  const [path, model] = [runFiles.checkpoint, runFiles.model].map((name) => join(out, name))
  if (!existsSync(path)) return
  const was = readCheckpoint(readFileSync(path), path).run.options.epochs
  assert(
    was === epochs,
    () =>
      `${out}: its run was started with --epochs ${was}, now it is ${epochs}: resume it with --epochs ${was}, or ` +
      (existsSync(model)
        ? `train longer from its last weights, into another folder: --from ${model}`
        : 'start over with --force'),
  )
}

/**
 * Throws if `out` has files that no run of this command writes, unless the file `mark` shows that it is a run folder.
 */
export function assertOwnFolder(out: string, mark: string, isOurs: (name: string) => boolean): void {
  if (!existsSync(out) || existsSync(join(out, mark))) return
  const others = readdirSync(out).filter((name) => !name.startsWith('.') && !isOurs(name))
  const shown = others.length > 3 ? [...others.slice(0, 3), '...'] : others
  assert(others.length === 0, `${out}: it has other files (${shown.join(', ')}): choose another folder with --out`)
}

/** Returns the epochs that the metrics file of a run records. */
export const epochsOf = (folder: string): EpochRecord[] =>
  readMetrics(join(folder, runFiles.metrics)).flatMap((line) => {
    if (line.kind !== 'epoch') return []
    const { epoch, loss, accuracy, val } = line
    return [{ epoch, loss, accuracy, ...(val && { validation: val }) }]
  })

/** Returns the best model file of a run with its epoch and accuracy; undefined if the run held no images out. */
export function bestOf(folder: string): { path: string; epoch: number; top1: number } | undefined {
  const path = join(folder, runFiles.best)
  if (!existsSync(path)) return undefined
  const { epochs, accuracy } = readModelFile(readFileSync(path), path).provenance
  return { path, epoch: epochs!, top1: accuracy! }
}
