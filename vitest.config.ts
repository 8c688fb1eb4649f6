import { availableParallelism, totalmem } from 'node:os'
import { defineConfig } from 'vitest/config'

/** A core for each worker, and memory for it and for the processes that its tests start: three of Node, or a browser. */
const maxWorkers = Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 31)))

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/equal.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers,
  },
})
