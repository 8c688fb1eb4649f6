/**
 * Random search: draws each point uniformly, whatever the results so far. It is the baseline of every other algorithm.
 */
import { UsageError } from '../../core/index.ts'
import { samplePoint } from '../space/points.ts'
import type { Algorithm } from './algorithm.ts'
import { rngOf } from './observations.ts'

/** See {@link algorithmOf}. Throws a `UsageError` for any option: random search has none. */
export function random(options: object = {}): Algorithm {
  for (const name of Object.keys(options)) throw new UsageError(`random: no option ${name}: it has none, leave it out`)
  return {
    name: 'random',
    options: {},
    ask: (problem, _, number) => samplePoint(problem.space, rngOf('random', problem, number)),
  }
}
