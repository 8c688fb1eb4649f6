/**
 * The name of a worker: its machine's name and the first number that no other worker there has (`lab-3 1`). A lock that
 * lives as long as a connection marks a number as taken. So a killed worker leaves its name to the next one, and with
 * it at once the trial under that name: with one worker, a study resumes as if nothing had happened. When the machine
 * itself is gone, the lease expires instead.
 */
import { hostname } from 'node:os'
import type { Connection, Session, Sql } from './node-connect.ts'

export class Seat {
  readonly #connection: Connection
  readonly #study: number
  readonly #machine: string
  /** The worker's number. */
  #taken: Promise<Session<number>> | undefined
  /** The number before the connection broke. */
  #last = 1

  constructor(connection: Connection, study: number, machine = hostname()) {
    this.#connection = connection
    this.#study = study
    this.#machine = machine
  }

  /** The worker's name, chosen at the first call. Waits while the server is away. */
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
      // Immediately, not at the next call: otherwise a new worker could take the seat, and with it the trial.
      () => void (isOurs() && this.#take()),
    )
    this.#taken = taken
    // The caller that asks for the name gets the error. The next call tries again.
    taken.catch(() => isOurs() && (this.#taken = undefined))
    return taken
  }

  /** The previous number, or the first free one. */
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
