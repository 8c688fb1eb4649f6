/**
 * Runs asynchronous calls one after the other, in their order. A program, a classifier and a worker thread use a queue
 * to protect state that can serve only one call at a time.
 */

const ignore = (): void => {}

/** Runs one call at a time. */
export class Queue {
  readonly #assertOpen: () => void
  #unsettled = 0
  #last: Promise<void> = Promise.resolve()

  /**
   * `assertOpen` throws after the owner is disposed of. Waiting calls, and calls that fail because of the disposal,
   * then reject with that error.
   */
  constructor(assertOpen: () => void = ignore) {
    this.#assertOpen = assertOpen
  }

  /** Starts `work` when all earlier work has settled, successfully or not; immediately if there is none. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const start = async (): Promise<T> => {
      try {
        this.#assertOpen()
        return await work()
      } catch (error) {
        this.#assertOpen()
        throw error
      } finally {
        this.#unsettled--
      }
    }
    const mine = this.#unsettled++ === 0 ? start() : this.#last.then(start)
    // Do not keep the result: it may be large.
    this.#last = mine.then(ignore, ignore)
    return mine
  }
}
