/** The models of a study's front, as files that are easy to find. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, writeFileAtomic } from '../../platform/node/index.ts'
import type { Store, StoredTrial } from '../../search/node.ts'

/** Files of a trial that are models: one, or one of each fold. */
const modelsOf = ({ files = {} }: StoredTrial): [suffix: string, path: string][] =>
  Object.entries(files).flatMap(([what, path]): [string, string][] => {
    const [, fold] = /^model(\d*)$/.exec(what) ?? []
    return fold === undefined ? [] : [[fold && `-fold-${fold}`, path]]
  })

/** Puts the models of the front, and no others, into `out/best`; the first of each trial, as its path from `out`. */
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
