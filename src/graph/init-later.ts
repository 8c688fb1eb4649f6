import type { Tensor } from '../core/index.ts'
import type { Value } from '../ops/index.ts'

/** Loads `initialise` when it is first called. */
export const initialiseLater = async (parameters: readonly Value[], seed: number): Promise<Map<string, Tensor>> =>
  (await import('./init.ts')).initialise(parameters, seed)
