/** Kits: the functions behind a network's methods, either all of them or only those that running needs. */
import { UsageError } from '../core/index.ts'
import { initialise } from '../graph/index.ts'
import { type FormOf, formOf, inferenceFormOf } from './forms.ts'

export interface NetworkKit {
  readonly formOf: FormOf
  /** Draws initial weights where none are given. */
  readonly initialise: typeof initialise
}

/** For networks that run and train. */
export const trainable: NetworkKit = { formOf, initialise }

/** For networks that have their weights and only run. */
export const runnable: NetworkKit = {
  formOf: inferenceFormOf,
  initialise() {
    throw new UsageError('first weights: the kinglet/run of pages is built without them: use kinglet')
  },
}
