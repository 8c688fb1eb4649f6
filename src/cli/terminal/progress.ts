/**
 * A progress line: a bar with text and time left. A terminal shows it in place. A file or a pipe gets whole lines, at
 * most one per `quietSeconds`.
 */
import { duration } from '../../report/index.ts'
import { type Io, paint, type Sink } from './terminal.ts'

const quietSeconds = 30
/** Minimum time between two redraws: more frequent ones would not be visible. */
const redrawMs = 80

export interface ProgressState {
  readonly done: number
  readonly total: number
  /** Text before the bar: `epoch 3/20`. */
  readonly title: string
  /** Text after the bar: `loss 0.412  812 images/s`. */
  readonly text: string
}

export class Progress {
  readonly #io: Io
  readonly #sink: Sink
  readonly #now: () => number
  #began: number
  #first: number | undefined
  #drawn: number
  #isOpen = false

  /** Draws on `io.stderr`, so that stdout has results only. `now` returns milliseconds. */
  constructor(io: Io, now: () => number = () => performance.now()) {
    this.#io = io
    this.#sink = io.stderr
    this.#now = now
    this.#began = this.#drawn = now()
  }

  update(state: ProgressState): void {
    const now = this.#now()
    // The time left is estimated from the first call on: work of an earlier process (a resumed run) took no time here.
    if (this.#first === undefined) {
      this.#first = state.done
      this.#began = now
    }
    const wait = this.#sink.isTTY ? redrawMs : quietSeconds * 1000
    if (now - this.#drawn < wait && !(this.#sink.isTTY && !this.#isOpen)) return
    this.#drawn = now
    const done = state.done - this.#first
    const left = done > 0 ? ((now - this.#began) / done) * (state.total - state.done) : undefined
    const eta = left === undefined ? '' : `  ${duration(left / 1000)} left`
    if (this.#sink.isTTY) this.#draw(state, eta)
    else this.#sink.write(`${state.title} ${Math.floor((100 * state.done) / state.total)} %  ${state.text}${eta}\n`)
  }

  /** Prints a permanent line above the bar. */
  line(text: string): void {
    this.clear()
    this.#drawn = this.#now()
    this.#sink.write(`${text}\n`)
  }

  /** Removes the bar. */
  clear(): void {
    if (this.#isOpen) this.#sink.write('\r\x1b[K')
    this.#isOpen = false
  }

  #draw({ done, total, title, text }: ProgressState, eta: string): void {
    const room = (this.#sink.columns ?? 80) - 1
    const around = `${title}  ${text}${eta}`.length
    const width = Math.max(0, Math.min(30, room - around - 2))
    const full = Math.round((width * done) / total)
    const bar =
      width < 5 ? '' : `${paint(this.#io, this.#sink, 'green', '━'.repeat(full))}${'─'.repeat(width - full)}  `
    const line = `${title}  ${bar}${text}${eta}`
    // A wrapped line cannot be erased, so the line is cut to the width of the terminal.
    this.#sink.write(`\r\x1b[K${bar ? line : line.slice(0, room)}`)
    this.#isOpen = true
  }
}
