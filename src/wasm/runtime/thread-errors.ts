/** Why a number of threads is refused. Imported when it is: most programs never need these texts. */
import { assert, KingletError } from '../../core/index.ts'
import { canShareMemory } from './host.ts'

/** Throws a `KingletError` that gives the reason. */
export function refuseThreads(threads: number): never {
  assert(Number.isInteger(threads) && threads > 0, `threads is ${threads}: it must be a positive integer`)
  assert(
    canShareMemory(),
    `${threads} threads need shared memory, which a page has only when it is cross-origin isolated ` +
      '(Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp): use 1 thread',
  )
  throw new KingletError(`${threads} threads would block the page: run the program in workers (place: 'worker')`)
}
