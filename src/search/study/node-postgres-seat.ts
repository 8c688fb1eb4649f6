/**
 * A worker's name: that of its machine, and the first number that no worker there has (`lab-3 1`). A lock that lasts as
 * long as a connection says which are taken, so a worker that was killed leaves its name to the next one, and what
 * stands under that name (a trial that it had) is that one's, at once: with one worker, a study goes on as if nothing
 * had happened. Where the machine itself is gone, the lease says so.
 */
import { hostname } from 'node:os'
import type { Connection, Sql } from './node-postgres-connect.ts'

type Session = Awaited<ReturnType<Connection['session']>>

export class Seat {
  readonly #connection: Connection
  readonly #study: number
  readonly #machine: string
  #taken: Promise<{ readonly name: string; readonly session: Session }> | undefined
  /** The number it had before the connection broke. */
  #last = 1

  constructor(connection: Connection, study: number, machine = hostname()) {
    this.#connection = connection
    this.#study = study
    this.#machine = machine
  }

  /** Its name; taken when it is first asked for, and again after the connection broke. */
  async name(): Promise<string> {
    this.#taken ??= this.#take()
    try {
      return (await this.#taken).name
    } catch (error) {
      this.#taken = undefined
      throw error
    }
  }

  async leave(): Promise<void> {
    const taken = await this.#taken?.catch(() => undefined)
    this.#taken = undefined
    await taken?.session.end()
  }

  async #take() {
    const session = await this.#connection.session(() => {
      this.#taken = undefined
    })
    for (let number = this.#last, tried = 0; ; number = ++tried) {
      if (number === 0 || !(await this.#lock(session.sql, number))) continue
      this.#last = number
      return { name: `${this.#machine} ${number}`, session }
    }
  }

  async #lock(sql: Sql, number: number): Promise<boolean> {
    const [{ got }] = await sql('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', [
      `kinglet ${this.#study} ${this.#machine} ${number}`,
    ])
    return got as boolean
  }
}
