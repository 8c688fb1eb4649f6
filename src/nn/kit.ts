/** What the methods of a network are made of: of all that there is, or of what running it needs. */
import { UsageError } from '../core/index.ts'
import { initialise } from '../graph/index.ts'
import { type FormOf, formOf, inferenceFormOf } from './forms.ts'

export interface NetworkKit {
  readonly formOf: FormOf
  /** Draws first weights, where none are given. */
  readonly initialise: typeof initialise
}

/** Networks that run and train. */
export const trainable: NetworkKit = { formOf, initialise }

/** Networks that have their weights, and only run. */
export const runnable: NetworkKit = {
  formOf: inferenceFormOf,
  initialise() {
    throw new UsageError('first weights: the kinglet/run of pages is built without them: use kinglet')
  },
}
