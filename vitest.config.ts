import { availableParallelism, totalmem } from 'node:os'
import { defineConfig } from 'vitest/config'

/** A core for each worker, and memory for it and for the processes that its tests start: three of Node, or a browser. */
const maxWorkers = Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 31)))

/** Tests that count what their process holds (threads, memories) or replace a module. Each has a process of its own. */
const alone = ['test/wasm/runtime/executor.test.ts', 'test/wasm/threads.test.ts', 'test/models/from.test.ts']

export default defineConfig({
  test: {
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers,
    projects: [
      // A worker loads the sources once for all of its files, and they are compiled by then: a fifth of the time.
      { extends: true, test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: alone, isolate: false } },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
  },
})
