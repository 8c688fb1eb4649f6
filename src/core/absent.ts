/**
 * What stands in the page's `kinglet/run` where something was left out of it: scripts/page-cuts.js says what, and why
 * nothing that runs a model file comes there.
 */
import { UsageError } from './errors.ts'

/** A function that says that `what` is not in this build. */
export const absent = (what: string) => (): never => {
  throw new UsageError(`${what}: the kinglet/run of pages is built without it: use kinglet`)
}
