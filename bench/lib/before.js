/**
 * Another built checkout of Kinglet as a contender, to measure the effect of a change in one run. The benchmark modules
 * of that checkout run it, so that it needs only what bench/ had at that time.
 */
import { cpSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { modelsFolder } from '../models/folder.js'
import { startNode } from '../node/process.js'

/** Throws unless `folder` is a built checkout. */
export function assertCheckout(folder) {
  for (const path of ['dist/run.js', 'bench/node/contender.js', 'bench/training/kinglet.js'])
    if (!existsSync(join(folder, path)))
      throw new Error(`--before: ${folder} has no ${path}: give a checkout of Kinglet in which npm run build has run`)
}

/** Starts the inference contender of that checkout on this checkout's model files. */
export function startInferenceBefore(folder, options) {
  const theirs = fileURLToPath(new URL('../.cache/models/', pathToFileURL(join(resolve(folder), 'bench/lib/'))))
  cpSync(fileURLToPath(modelsFolder), theirs, { recursive: true })
  return startNode(join(folder, 'bench/node/contender.js'), { ...options, runtime: 'kinglet' })
}

/** Starts the trainer of that checkout. */
export const startTrainingBefore = (folder, options) => startNode(join(folder, 'bench/training/kinglet.js'), options)
