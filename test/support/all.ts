/**
 * Whether tests run all of their repetitions: `npm test -- --all` sets `KINGLET_TEST_ALL=1`. Without it they leave out
 * what another test shows too (the reference engine against golden values), and repeat the rest fewer times (thirty kills
 * instead of a hundred).
 */
export const testAll = process.env.KINGLET_TEST_ALL === '1'
