import { expect, test } from 'vitest'
import { key, Rng } from '../../../src/core/index.ts'
import { prunerOf } from '../../../src/search/pruners/index.ts'
import { samplePoint } from '../../../src/search/space/points.ts'
import { defineSpace } from '../../../src/search/space/space.ts'
import { memoryStore } from '../../../src/search/study/memory.ts'
import { runStudy, type StudyParts, studyOf } from '../../../src/search/study/study.ts'

const study = async (name: string, trials: number, workers: number) => {
  const parts: StudyParts = {
    space: defineSpace('line', { x: { kind: 'real', low: -1, high: 1 } }),
    algorithm: {
      name: 'even',
      options: {},
      ask: ({ space, seed }, _, number) => samplePoint(space, new Rng(key(seed, number))),
    },
    pruner: prunerOf(name, { max: 9, trials }),
    evaluator: {
      name: 'parabola',
      objectives: [{ name: 'loss', direction: 'minimize' }],
      async evaluate({ x }, { report }) {
        const value = Number(x) ** 2
        for (let step = 1; step <= 9; step++) await report({ step, value })
        return { values: [value] }
      },
    },
  }
  const store = memoryStore(studyOf({ name, trials, ...parts }))
  return runStudy({ store, workers, pollSeconds: 0.01, ...parts })
}

test.each([
  ['halving', 20, 1],
  ['halving', 20, 3],
  ['hyperband', 20, 1],
  ['asha', 20, 1],
  ['asha', 20, 3],
])(
  'a study with %s and %i trials by %i workers ends, with the best trial in full and most cut short',
  async (...args) => {
    const trials = await study(...args)
    expect(trials.map((t) => t.number)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(trials.filter((t) => t.state !== 'complete' && t.state !== 'pruned')).toEqual([])
    const complete = trials.filter((t) => t.state === 'complete')
    const best = (among: typeof trials) => Math.min(...among.map((t) => t.reports[0].value))
    expect(best(complete)).toBe(best(trials))
    const steps = trials.reduce((sum, t) => sum + t.reports.length, 0)
    expect(steps).toBeLessThan(0.7 * 20 * 9)
  },
)
