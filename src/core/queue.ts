/**
 * Asynchronous calls, one after the other in the order in which they were made. A program, a classifier and a worker
 * thread put it in front of state that can serve one call at a time.
 */

const ignore = (): void => {}

/** Runs one piece of work at a time. */
export class Queue {
  readonly #assertOpen: () => void
  #unsettled = 0
  #last: Promise<void> = Promise.resolve()

  /**
   * `assertOpen` throws once the owner is disposed of. Work that waits, and work that fails because of the disposal,
   * then rejects with what it throws.
   */
  constructor(assertOpen: () => void = ignore) {
    this.#assertOpen = assertOpen
  }

  /** Starts `work` at once if nothing is before it, otherwise when all earlier work has settled, whether it failed or not. */
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
    // The result is not kept: it may be large.
    this.#last = mine.then(ignore, ignore)
    return mine
  }
}
