/**
 * Timers for any delay. Hosts keep delays in 32 bits: a timer of 2^31 ms (24.9 days) or more fires immediately. All
 * code in Kinglet that waits uses these timers.
 */

/** The longest delay of a host's timer, in milliseconds. */
const longest = 2 ** 31 - 1

/** Calls `call` once after `ms` milliseconds; never if `ms` is infinite. Returns a function that cancels the call. */
export function after(ms: number, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  const wait = (left: number): void => {
    timer = setTimeout(() => (left > longest ? wait(left - longest) : call()), Math.min(left, longest))
  }
  wait(ms)
  return () => clearTimeout(timer)
}

/** Calls `call` every `ms` milliseconds. Returns a function that ends the calls. */
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

/** Resolves after `ms` milliseconds, or when `signal` is aborted. */
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
