/** Ctrl-C: the first one asks a command to stop cleanly; the second one ends the process. */
import type { Io } from './terminal.ts'

/** Thrown by a command that stopped after Ctrl-C (exit code 130). */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Runs `body` with a signal that Ctrl-C aborts. The first Ctrl-C prints `notice`. */
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

/** As {@link interruptible}, for work that saves nothing when stopped: throws {@link Interrupted} after Ctrl-C. */
export const abortable = <T>(io: Io, body: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  interruptible(io, 'Stopping.', async (signal) => {
    try {
      return await body(signal)
    } catch (error) {
      if (signal.aborted) throw new Interrupted('Interrupted: nothing was saved.')
      throw error
    }
  })
