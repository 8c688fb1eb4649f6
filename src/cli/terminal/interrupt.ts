/** The first Ctrl-C asks a command to come to a good end; the second one ends it at once. */
import type { Io } from './terminal.ts'

/** Thrown by a command that stopped because it was asked to (exit code 130). */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Runs `body` with a signal that Ctrl-C aborts; `notice` is what the first one prints. */
export async function interruptible<T>(io: Io, notice: string, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const stop = io.onInterrupt(() => {
    io.stderr.write(`\n${notice} (Ctrl-C again ends at once)\n`)
    controller.abort()
  })
  try {
    return await body(controller.signal)
  } finally {
    stop()
  }
}

/** The same for work of which nothing is kept when it is stopped: it throws {@link Interrupted} then. */
export const abortable = <T>(io: Io, body: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  interruptible(io, 'Stopping.', async (signal) => {
    try {
      return await body(signal)
    } catch (error) {
      if (signal.aborted) throw new Interrupted('Interrupted: nothing was kept.')
      throw error
    }
  })
