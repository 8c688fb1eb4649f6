/**
 * Tests properties for many inputs with `fast-check`. The inputs are the same in every run. A failure prints the smallest
 * input that fails, with the seed and the path to it. `KINGLET_FUZZ_SEED` sets another seed, `KINGLET_FUZZ_COUNT` the
 * number of inputs for each property.
 */
import fc from 'fast-check'
import { testAll } from './all.ts'

const { KINGLET_FUZZ_SEED: seed = '1', KINGLET_FUZZ_COUNT: count = testAll ? '2000' : '200' } = process.env
fc.configureGlobal({ seed: Number(seed), numRuns: Number(count) })

export { fc }

/** A shape of at most `rank` dimensions, each at most `most`. */
export const shapes = (rank = 4, most = 4): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: most }), { maxLength: rank })

/** A seed or a key: 32 bits. */
export const words = fc.nat(0xffff_ffff)
