/**
 * A worker's name: that of its machine, and the first number that no worker there has (`lab-3 1`). A lock that lasts as
 * long as a connection says which are taken, so a worker that was killed leaves its name to the next one, and what
 * stands under that name (a trial that it had) is that one's, at once: with one worker, a study goes on as if nothing
 * had happened. Where the machine itself is gone, the lease says so.
 */
import { hostname } from 'node:os'
import type { Connection, Session, Sql } from './node-connect.ts'

export class Seat {
  readonly #connection: Connection
  readonly #study: number
  readonly #machine: string
  /** Its number. */
  #taken: Promise<Session<number>> | undefined
  /** The number it had before the connection broke. */
  #last = 1

  constructor(connection: Connection, study: number, machine = hostname()) {
    this.#connection = connection
    this.#study = study
    this.#machine = machine
  }

  /** Its name; taken when it is first asked for. Waits while the server is away. */
  async name(): Promise<string> {
    const { begun } = await (this.#taken ?? this.#take())
    return `${this.#machine} ${begun}`
  }

  async leave(): Promise<void> {
    const taken = this.#taken
    this.#taken = undefined
    await (await taken?.catch(() => undefined))?.end()
  }

  #take(): Promise<Session<number>> {
    const isOurs = () => this.#taken === taken
    const taken = this.#connection.session(
      (sql) => this.#sit(sql),
      // At once and not when it is asked for next: a new worker would have the seat by then, and with it the trial.
      () => void (isOurs() && this.#take()),
    )
    this.#taken = taken
    // Whoever asks for the name hears of it; the next one who does tries again.
    taken.catch(() => isOurs() && (this.#taken = undefined))
    return taken
  }

  /** The number that it had, or the first that is free. */
  async #sit(sql: Sql): Promise<number> {
    for (let number = this.#last, tried = 0; ; number = ++tried)
      if (await this.#lock(sql, number)) return (this.#last = number)
  }

  async #lock(sql: Sql, number: number): Promise<boolean> {
    const [{ got }] = await sql('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', [
      `kinglet ${this.#study} ${this.#machine} ${number}`,
    ])
    return got as boolean
  }
}
