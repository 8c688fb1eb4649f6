import type { LoaderPool } from './pool.ts'

/** Threads for `loader` and `openDataset`. By default one fewer than cores, at least one. */
export declare function loaderPool(workers?: number): LoaderPool
