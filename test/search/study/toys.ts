/** A toy study: a parabola with reports, in a space of two choices. */
import { key, Rng } from '../../../src/core/index.ts'
// Imported one by one, not through the index: a process that is killed many times should start fast.
import type { Algorithm } from '../../../src/search/algorithms/algorithm.ts'
import type { Evaluator } from '../../../src/search/evaluate/evaluator.ts'
import { samplePoint } from '../../../src/search/space/points.ts'
import { defineSpace, type Point } from '../../../src/search/space/space.ts'
import type { Choose, Study } from '../../../src/search/study/store.ts'
import { type StudyParts, studyOf } from '../../../src/search/study/study.ts'
import type { Trial } from '../../../src/search/trial.ts'

export const toySpace = defineSpace('toy', {
  x: { kind: 'real', low: -2, high: 2 },
  kernel: { kind: 'categorical', values: [3, 5, 7], ordered: true },
})

/** Proposes points near the best so far, so its proposals depend on all results. */
export const toyAlgorithm: Algorithm = {
  name: 'toy',
  options: { spread: 0.5 },
  ask({ space, seed }, trials, number) {
    const rng = new Rng(key(seed, number))
    const best = trials
      .filter((t) => t.values)
      .reduce<Trial | undefined>((a, b) => (a && a.values![0] <= b.values![0] ? a : b), undefined)
    const drawn = samplePoint(space, rng)
    if (!best || rng.uniform() < 0.3) return drawn
    const x = Math.max(-2, Math.min(2, Number(best.point.x) + 0.5 * rng.normal()))
    return { ...drawn, x }
  },
}

export const toyLoss = ({ x, kernel }: Point): number => (Number(x) - 0.5) ** 2 + Number(kernel) / 10

/** Three steps, each reported; the last is the value. `wait` is awaited before each. */
export const toyEvaluator = (wait: (number: number, step: number) => Promise<unknown> = async () => {}): Evaluator => ({
  name: 'parabola',
  objectives: [{ name: 'loss', direction: 'minimize' }],
  async evaluate(point, { number, seed, report }) {
    const loss = toyLoss(point) + seed / 2 ** 40
    for (let step = 1; step <= 3; step++) {
      await wait(number, step)
      await report({ step, value: loss + (3 - step) })
    }
    return { values: [loss] }
  },
})

export const toyParts = (parts: Partial<StudyParts> = {}): StudyParts => ({
  space: toySpace,
  algorithm: toyAlgorithm,
  evaluator: toyEvaluator(),
  ...parts,
})

export const toyStudy = (trials: number, seed = 1, parts: Partial<StudyParts> = {}): Study =>
  studyOf({ name: 'toy', trials, seed, budgets: { loss: 2 }, ...toyParts(parts) })

export const toyPoint = (x: number): Point => ({ x, kernel: 3 })

/** Starts trial `number` unless it exists. */
export const beginning =
  (number: number): Choose =>
  (trials) =>
    trials.some((t) => t.number === number) ? { do: 'nothing' } : { do: 'begin', number, point: toyPoint(number / 10) }

/** Resumes the trial if no worker has it. */
export const resuming =
  (number: number): Choose =>
  (trials) =>
    trials.some((t) => t.number === number && (t.state === 'paused' || (t.state === 'running' && !t.held)))
      ? { do: 'resume', number }
      : { do: 'nothing' }

/** The parts of trials that do not depend on interruptions. */
export const lasting = (trials: readonly Trial[]) =>
  trials.map(({ number, point, state, values, reports, reason }) => ({ number, point, state, values, reports, reason }))
