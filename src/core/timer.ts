/**
 * Timers for any delay: hosts keep delays in 32 bits, and a timer of 2^31 ms (24.9 days) or more fires at once. Everything
 * in Kinglet that waits for time to pass uses these.
 */

/** The longest delay of a host's timer, in milliseconds. */
const longest = 2 ** 31 - 1

/** Calls `call` once, `ms` milliseconds from now (never, if that is infinite). Returns what cancels it. */
export function after(ms: number, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  const wait = (left: number): void => {
    timer = setTimeout(() => (left > longest ? wait(left - longest) : call()), Math.min(left, longest))
  }
  wait(ms)
  return () => clearTimeout(timer)
}

/** Calls `call` every `ms` milliseconds. Returns what ends it. */
export function every(ms: number, call: () => void): () => void {
  let cancel: () => void
  const next = (): void => {
    cancel = after(ms, () => {
      next()
      call()
    })
  }
  next()
  return () => cancel()
}

/** Resolves after `ms` milliseconds, or once `signal` is aborted. */
export const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = after(ms, end)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
