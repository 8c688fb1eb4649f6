/**
 * Whether the run has everything: `npm test -- --all` sets `KINGLET_TEST_ALL=1`. What is left out without it repeats what
 * other tests show (oracles against golden values that the engine is held to as well), or is more of the same
 * (a hundred kills where thirty are made).
 */
export const testAll = process.env.KINGLET_TEST_ALL === '1'
