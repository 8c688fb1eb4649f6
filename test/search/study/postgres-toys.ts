/** A study that takes no time, for tests of PostgreSQL. Its evaluations keep checkpoints and log their steps. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { key, Rng } from '../../../src/core/index.ts'
import { type Algorithm, defineSpace, type Evaluator, type Point, samplePoint } from '../../../src/search/index.ts'
import type { StudyParts } from '../../../src/search/study/study.ts'

export const space = defineSpace('line', { x: { kind: 'real', low: -1, high: 1 } })
export const lossOf = ({ x }: Point): number => Number(x) ** 2

/** Its proposals depend on all results so far: a lost or repeated trial would change them. */
const told: Algorithm = {
  name: 'told',
  options: {},
  ask({ seed }, trials, number) {
    const sum = trials.reduce((s, { values }) => s + (values?.[0] ?? 7), 0)
    return samplePoint(space, new Rng(key(seed, number, Math.round(sum * 1e6))))
  },
}

/** Its proposals depend on the trial's number alone. */
const blind: Algorithm = {
  name: 'blind',
  options: {},
  ask: ({ seed }, _, number) => samplePoint(space, new Rng(key(seed, number))),
}

export const algorithms = { told, blind }

export interface ToyOptions {
  readonly steps?: number
  readonly stepMs?: number
  /** A log with a line for each step: `<number> <step>`. */
  readonly log?: string
}

export function toyEvaluator({ steps = 3, stepMs = 0, log }: ToyOptions = {}): Evaluator {
  return {
    name: 'toy',
    objectives: [{ name: 'loss', direction: 'minimize' }],
    async evaluate(point, { number, folder, report, signal }) {
      const checkpoint = folder && join(folder, 'checkpoint')
      let done = checkpoint && existsSync(checkpoint) ? Number(readFileSync(checkpoint, 'utf8')) : 0
      while (done < steps) {
        await sleep(stepMs, undefined, { signal })
        done++
        if (log) appendFileSync(log, `${number} ${done}\n`)
        if (checkpoint) writeFileSync(checkpoint, String(done))
        await report({ step: done, value: lossOf(point) + 1 / done })
      }
      if (folder) writeFileSync(join(folder, 'model.txt'), `x = ${point.x}`)
      return { values: [lossOf(point)], ...(folder && { files: { model: 'model.txt' } }) }
    },
  }
}

export const partsWith = (algorithm: keyof typeof algorithms, options?: ToyOptions): StudyParts => ({
  space,
  algorithm: algorithms[algorithm],
  evaluator: toyEvaluator(options),
})
