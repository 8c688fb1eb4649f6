/**
 * A progress line: a bar with rate, text and time left, rewritten in place on a terminal. Elsewhere (a file, a pipe)
 * nothing is rewritten: only whole lines appear, at most one in `quietSeconds`.
 */
import { duration } from '../../report/index.ts'
import { type Io, paint, type Sink } from './terminal.ts'

const quietSeconds = 30
/** A terminal is redrawn no more often than the eye sees, so that drawing costs nothing. */
const redrawMs = 80

export interface ProgressState {
  readonly done: number
  readonly total: number
  /** What stands before the bar: `epoch 3/20`. */
  readonly title: string
  /** What stands behind it: `loss 0.412  812 images/s`. */
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

  /** Draws on `io.stderr`, so that results on stdout stay clean. `now` is in milliseconds. */
  constructor(io: Io, now: () => number = () => performance.now()) {
    this.#io = io
    this.#sink = io.stderr
    this.#now = now
    this.#began = this.#drawn = now()
  }

  update(state: ProgressState): void {
    const now = this.#now()
    // Time left is reckoned from the first call on: work done before it (a resumed run) took no time here.
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

  /** A line that stays, above the bar. */
  line(text: string): void {
    this.clear()
    this.#drawn = this.#now()
    this.#sink.write(`${text}\n`)
  }

  /** Takes the bar away. */
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
    // A line that wraps cannot be taken back, so a narrow terminal sees its beginning only.
    this.#sink.write(`\r\x1b[K${bar ? line : line.slice(0, room)}`)
    this.#isOpen = true
  }
}
