/** The parts of a worker's study: of a study that `kinglet search` created, or from a module of the user. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { assert, UsageError } from '../../core/index.ts'
import { fingerprint } from '../../data/index.ts'
import { loaderPool, openDataset } from '../../data/node.ts'
import { engineOf } from '../../door/index.ts'
import { heldOut, judgingOf, planOfStudy, prepareSearchInFiles } from '../../door/plans/node.ts'
import { assertSameStudy, type Study, type StudyParts } from '../../search/node.ts'
import { type EngineOptions, flagName } from '../terminal/options.ts'

/** The default export of a user's module: returns the parts of a study. */
type PartsOf = (study: Study) => StudyParts | Promise<StudyParts>

async function partsIn(path: string): Promise<PartsOf> {
  if (!existsSync(path)) throw new UsageError(`--parts: ${path}: there is no such file: give the path of a module`)
  const { default: partsOf } = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }
  if (typeof partsOf !== 'function')
    throw new UsageError(
      `--parts: ${path} has no function as its default export: write export default (study) => ({ space, algorithm, evaluator })`,
    )
  return partsOf as PartsOf
}

/** The inputs that a study needs on this machine: images, latency table and engine. */
export interface SearchedData extends EngineOptions {
  readonly data?: string
  readonly table?: string
}

/** Makes the parts of a study; dispose of it after the study. */
export type OpenedParts = AsyncDisposable & { readonly partsOf: PartsOf }

/** Makes the parts of a study that `kinglet search` created. The study defines all but the place of the images. */
export function partsOfSearch(
  place: string,
  { data, table, ...engine }: SearchedData,
  signal: AbortSignal,
): OpenedParts {
  const pool = loaderPool()
  return {
    async partsOf(study) {
      const judging = judgingOf(study, flagName)
      const opened = await openDataset(data!, { pool, validation: heldOut(judging), seed: study.seed, signal })
      assert(
        opened.classes.join() === judging.classes.join() && fingerprint(opened.train) === judging.data,
        () =>
          `--data ${data}: these are not the images of study ${study.name}, which has ${judging.images} of ` +
          `${judging.classes.length} classes (${judging.classes.join(', ')}): here are ${opened.train.length} of ` +
          `${opened.classes.length} (${opened.classes.join(', ')})`,
      )
      const { study: here, parts } = prepareSearchInFiles(
        planOfStudy(study, place, flagName),
        { opened, pool, engine: engineOf(engine), table },
        flagName,
      )
      assertSameStudy(place, study, here)
      return parts
    },
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

export const partsOfModule = async (path: string): Promise<OpenedParts> => ({
  partsOf: await partsIn(path),
  [Symbol.asyncDispose]: async () => undefined,
})
