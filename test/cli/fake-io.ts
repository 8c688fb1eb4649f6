/** An `Io` that records the output of a command. */
import type { Io } from '../../src/cli/terminal/terminal.ts'

interface FakeIo extends Io {
  /** The text on stdout and on stderr. */
  readonly output: string
  readonly errors: string
  /** Presses Ctrl-C once. Returns whether a listener was registered. */
  interrupt(): boolean
}

export function fakeIo({
  isTTY = false,
  columns = 80,
  env = {},
}: {
  isTTY?: boolean
  columns?: number
  env?: Record<string, string>
} = {}): FakeIo {
  const texts = ['', '']
  const listeners = new Set<() => void>()
  const sink = (i: number) => ({ isTTY, columns, write: (text: string) => (texts[i] += text) })
  return {
    stdout: sink(0),
    stderr: sink(1),
    env,
    onInterrupt(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get output() {
      return texts[0]
    },
    get errors() {
      return texts[1]
    },
    interrupt() {
      const [first] = listeners
      listeners.delete(first)
      first?.()
      return first !== undefined
    },
  }
}
