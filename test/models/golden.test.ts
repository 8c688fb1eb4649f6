/**
 * Forward values, gradients and training losses equal those of torchvision and timm, to 1e-3: those of the WebAssembly
 * engine, and gradients and updates of the oracles in double precision too. The oracles in single precision, which the
 * suites over all ops hold the engine to, and the later steps of training run with `npm test -- --all`.
 * `KINGLET_SHOW_ERRORS=1` prints the largest errors of each case.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { referenceEngine } from '../../src/engine/index.ts'
import type { Weights } from '../../src/graph/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { testAll } from '../support/all.ts'
import { forwardCases, lossesThatRepeat, modelOf, type TrainCase, titleOf, trainCases } from './golden.ts'
import { compareForward, type Errors, expectAllWithin } from './golden-cases.ts'
import { compareGradients, compareLosses, trainAlone, trainInDoubles } from './golden-training.ts'

const table: string[] = []
const check = (title: string, errors: Errors): void => {
  expectAllWithin(title, errors)
  const [first] = Object.entries(errors).sort((a, b) => b[1] - a[1])
  table.push(`${title}: ${Object.keys(errors).length} values, largest error ${first[1].toExponential(1)} (${first[0]})`)
}
afterAll(() => {
  if (process.env.KINGLET_SHOW_ERRORS) console.log(table.join('\n'))
})

const wasm = wasmEngine({ threads: 2 })
const reference = referenceEngine()
const engines = testAll ? [wasm, reference] : [wasm]

/** The oracles are slow: a network of each padding style. */
const small = forwardCases.filter((c) => c.size < 100 || c.model === 'tf_mobilenetv3_small_minimal_100')

describe.each(engines)('$name', (engine) => {
  test.each((engine === wasm ? forwardCases : small).map((c) => [titleOf(c), c] as const))('%s', async (title, c) => {
    const model = modelOf(c)
    for (const freeze of [true, false])
      check(`${engine.name}${freeze ? ', frozen' : ''}: ${title}`, await compareForward(engine, c, model, freeze))
  })
})

/** Three steps: from zero momenta, with momenta, and with momenta of momenta. Later steps repeat the same. */
const stepsOf = (c: TrainCase): number => (testAll ? lossesThatRepeat(c) : 3)

const cheap = trainCases.filter((c) => c.size <= 64)
describe.each(cheap.map((c) => [titleOf(c), c] as const))('training %s', (title, c) => {
  let followed: Weights[] = []
  let errors: Errors = {}
  beforeAll(async () => {
    const run = await trainInDoubles(c, stepsOf(c))
    followed = run.weights
    errors = run.errors
  })

  test('oracles in double precision', () => {
    check(`double: training ${title}`, errors)
  })

  test.each(engines)('$name: losses, following the run in doubles', async (engine) => {
    check(`${engine.name}: following ${title}`, await compareLosses(engine, c, followed))
  })

  test.each(engines)('$name: gradients, given its masks', async (engine) => {
    const { errors, flips } = await compareGradients(engine, c)
    const shown = `${flips.count} masks differ, at most ${flips.distance.toExponential(1)} from a kink`
    check(`${engine.name}: gradients ${title}, ${shown}`, errors)
    expect(flips.share).toBeLessThan(1e-4)
    expect(flips.distance).toBeLessThan(1e-4)
  })
})

const alone = trainCases.filter((c) => c.size === 96)
test.each(alone.map((c) => [titleOf(c), c] as const))('wasm: training %s by itself', async (title, c) => {
  check(`wasm: by itself ${title}`, await trainAlone(wasm, c))
})
