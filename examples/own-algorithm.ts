/**
 * Your own search algorithm: simulated annealing in place of Kinglet's algorithms. It keeps no state: each proposal
 * follows from the trials so far, so a study with it can stop and resume anywhere.
 */
import { key, Rng } from 'kinglet/core'
import {
  type Algorithm,
  defineSpace,
  type Evaluator,
  memoryStore,
  mutatePoint,
  runStudy,
  samplePoint,
  studyOf,
} from 'kinglet/search'

/** Starts anywhere, then changes one choice of the current point. It accepts worse points less often as it cools. */
const annealing: Algorithm = {
  name: 'annealing',
  options: { hot: 1, cooling: 0.9 },
  ask({ space, objectives: [{ direction }], seed }, trials, number) {
    const sign = direction === 'minimize' ? 1 : -1
    const told = trials.filter((trial) => trial.state === 'complete')
    if (told.length === 0) return samplePoint(space, new Rng(key(seed, number)))
    let current = told[0]
    for (const trial of told) {
      const worse = sign * (trial.values![0] - current.values![0])
      const temperature = 1 * 0.9 ** trial.number
      // The random number belongs to the trial, so replaying the history makes the same decision.
      if (worse < 0 || new Rng(key(seed, trial.number, 1)).uniform() < Math.exp(-worse / temperature)) current = trial
    }
    return mutatePoint(space, current.point, new Rng(key(seed, number)))
  },
}

const space = defineSpace('bowl', {
  x: { kind: 'real', low: -5, high: 5 },
  y: { kind: 'real', low: -5, high: 5 },
})
const evaluator: Evaluator = {
  name: 'bowl',
  objectives: [{ name: 'height', direction: 'minimize' }],
  evaluate: async ({ x, y }) => ({ values: [(Number(x) - 1) ** 2 + (Number(y) + 2) ** 2] }),
}

const parts = { space, algorithm: annealing, evaluator }
const store = memoryStore(studyOf({ name: 'bowl', trials: 80, ...parts }))
const trials = await runStudy({ store, ...parts })
const best = Math.min(...trials.map((trial) => trial.values![0]))
console.log(`best of ${trials.length} trials: ${best.toFixed(3)}`)
best < 0.5 // => true
