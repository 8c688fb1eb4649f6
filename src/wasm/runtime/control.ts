/**
 * The control block: the first bytes of a program's linear memory, through which its threads agree on when to start,
 * when to go on to the next step and when to leave. Everything else in memory begins at {@link dataStart}.
 */

/** Byte offsets of the 32-bit words. */
export const control = {
  /** Threads that have arrived at the present barrier. */
  arrived: 0,
  /** Counts barriers passed; threads sleep on it in a barrier. */
  generation: 4,
  /** Counts runs started; helper threads sleep on it between runs. */
  go: 8,
  /** 0, or why threads must leave: 1 + the thread that trapped first, or {@link ended}. */
  stop: 12,
  /** Helper threads that have left the present run. */
  done: 16,
} as const

/** The value of `stop` when nothing went wrong in a thread but the program is over. */
export const ended = -1

/** Where data begins: a cache line for the control block alone, so that data never shares a line with it. */
export const dataStart = 64

/** The control block as words: `words[index.go]`. */
export const wordsOf = (memory: WebAssembly.Memory): Int32Array => new Int32Array(memory.buffer, 0, dataStart / 4)

/** Places in `wordsOf`: the byte offsets divided by four. */
export const index = {
  arrived: control.arrived / 4,
  generation: control.generation / 4,
  go: control.go / 4,
  stop: control.stop / 4,
  done: control.done / 4,
} as const

/**
 * Polls of a word before a thread sleeps on it, in a barrier, between runs and at the end of one. Measured on two cores,
 * an even step: two threads 0.3 us (25 us with 1,000 polls, where they sleep), three threads 13 us (55 us with 100,000,
 * where two hold the cores that the third needs).
 */
export const spins = 10_000
