/**
 * Whether all tests run: `npm test -- --all` sets `KINGLET_TEST_ALL=1`. Tests that are skipped without it repeat what other
 * tests show (oracles against golden values that the engine is compared with too), or repeat a test more often (a hundred
 * kills in place of thirty).
 */
export const testAll = process.env.KINGLET_TEST_ALL === '1'
