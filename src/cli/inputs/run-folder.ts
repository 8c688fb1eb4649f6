/** The folder that `--out` names: whether it can be used, and what a run has left in it. */
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
 * Throws for the commonest reasons for which a run would not begin. That is known before the images are opened, which
 * takes its time; the run itself asks for all of them, in the library's words.
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
      `${out}: its run was begun with --epochs ${was}, now it is ${epochs}: go on with it with --epochs ${was}, or ` +
      (existsSync(model)
        ? `train longer from its last weights, into another folder: --from ${model}`
        : 'begin anew with --force'),
  )
}

/** Throws where `out` has files that no run of this command leaves, unless it has `mark`, by which such a run is known. */
export function assertOwnFolder(out: string, mark: string, isOurs: (name: string) => boolean): void {
  if (!existsSync(out) || existsSync(join(out, mark))) return
  const others = readdirSync(out).filter((name) => !name.startsWith('.') && !isOurs(name))
  const shown = others.length > 3 ? [...others.slice(0, 3), '...'] : others
  assert(others.length === 0, `${out}: it has other files (${shown.join(', ')}): choose another folder with --out`)
}

export const epochsOf = (folder: string): EpochRecord[] =>
  readMetrics(join(folder, runFiles.metrics)).flatMap((line) => {
    if (line.kind !== 'epoch') return []
    const { epoch, loss, accuracy, val } = line
    return [{ epoch, loss, accuracy, ...(val && { validation: val }) }]
  })

/** The best model file of a run, and of which epoch it is, as the file itself says; none where nothing is held out. */
export function bestOf(folder: string): { path: string; epoch: number; top1: number } | undefined {
  const path = join(folder, runFiles.best)
  if (!existsSync(path)) return undefined
  const { epochs, accuracy } = readModelFile(readFileSync(path), path).provenance
  return { path, epoch: epochs!, top1: accuracy! }
}
