/** Copies the models of a study's front to the folder `best`. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, writeFileAtomic } from '../../platform/node/index.ts'
import type { Store, StoredTrial } from '../../search/node.ts'

/** The model files of a trial: one, or one per fold. */
const modelsOf = ({ files = {} }: StoredTrial): [suffix: string, path: string][] =>
  Object.entries(files).flatMap(([what, path]): [string, string][] => {
    const [, fold] = /^model(\d*)$/.exec(what) ?? []
    return fold === undefined ? [] : [[fold && `-fold-${fold}`, path]]
  })

/**
 * Writes the models of the front to `out/best` and removes those of other trials. Returns the first model of each
 * trial, as a path relative to `out`.
 */
export async function keepBest(store: Store, out: string, front: readonly StoredTrial[]): Promise<Map<number, string>> {
  const best = join(out, 'best')
  makeFolder(best)
  const models = new Map<number, string>()
  const kept = new Set<string>()
  for (const trial of front)
    for (const [suffix, path] of modelsOf(trial)) {
      const bytes = await store.file(path)
      if (!bytes) continue
      const name = `trial-${trial.number}${suffix}.safetensors`
      writeFileAtomic(join(best, name), bytes)
      kept.add(name)
      if (!models.has(trial.number)) models.set(trial.number, join('best', name))
    }
  for (const name of readdirSync(best))
    if (/^trial-\d.*\.safetensors$/.test(name) && !kept.has(name)) rmSync(join(best, name))
  return models
}
