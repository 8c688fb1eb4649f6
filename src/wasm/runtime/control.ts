/**
 * The control block: the first bytes of a program's linear memory. Threads use it to start a run, to continue with the
 * next step, and to leave. Everything else in memory begins at {@link dataStart}.
 */

/** Byte offsets of the 32-bit words. */
export const control = {
  /** Number of threads that have arrived at the current barrier. */
  arrived: 0,
  /** Number of barriers passed. Threads in a barrier sleep on it. */
  generation: 4,
  /** Number of runs started. Helper threads sleep on it between runs. */
  go: 8,
  /** 0, or the reason why threads must leave: 1 + the thread that trapped first, or {@link ended}. */
  stop: 12,
  /** Number of helper threads that have left the current run. */
  done: 16,
} as const

/** The value of `stop` when no thread failed but the program was disposed of. */
export const ended = -1

/** The start of the data. The control block has a cache line to itself, so data never shares a line with it. */
export const dataStart = 64

/** The control block as words: `words[index.go]`. */
export const wordsOf = (memory: WebAssembly.Memory): Int32Array => new Int32Array(memory.buffer, 0, dataStart / 4)

/** Indices into `wordsOf`: the byte offsets divided by four. */
export const index = {
  arrived: control.arrived / 4,
  generation: control.generation / 4,
  go: control.go / 4,
  stop: control.stop / 4,
  done: control.done / 4,
} as const

/**
 * Number of polls of a word before a thread sleeps on it: in a barrier, between runs and at the end of a run. Measured
 * on two cores, for steps of equal work: two threads take 0.3 us (25 us with 1,000 polls, because they sleep); three
 * threads take 13 us (55 us with 100,000 polls, because two hold the cores that the third needs).
 */
export const spins = 10_000
