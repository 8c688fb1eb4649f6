/**
 * `journal.jsonl`: one record on each line, appended and never changed. A line is the CRC-32 of its JSON, a space, and
 * the JSON in ASCII. Appending needs no lock: the system serialises the appends of several processes (on a local disk;
 * a network file system may not).
 *
 * An incomplete line is never guessed at. A process that is killed while writing leaves a line without its end; the
 * next writer ends it with a mark, which distinguishes it from damage. Any other line with a wrong checksum is damage:
 * it is skipped and reported. The lines around it are read, even where the line break between two is lost.
 */
import { closeSync, fdatasyncSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { assert, KingletError } from '../../../core/index.ts'
import { crc32 } from '../../../formats/index.ts'
import { writing } from '../../../platform/node/index.ts'
import type { StudyRecord } from '../history.ts'

/** Something in a journal that could not be read. */
export interface Damage {
  /** Line number, from 1. */
  readonly line: number
  /** The start of the damaged text, and what is wrong with it. */
  readonly what: string
  /** True for the rest of a killed write. Nothing is lost that was reported as written. */
  readonly isCutOff: boolean
}

const mark = ' <- cut off'
/** The start of a line. It cannot occur inside JSON, where a backslash stands between a brace and a quote. */
const beginnings = /(?=[0-9a-f]{8} \{")/
const whole = /^([0-9a-f]{8}) (\{.*\})(.*)$/

const sumOf = (text: string): string => crc32(Buffer.from(text, 'latin1')).toString(16).padStart(8, '0')

/** The line of a record, without line break. */
export function lineOf(record: StudyRecord): string {
  const json = JSON.stringify(record).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `${sumOf(json)} ${json}`
}

/** The records of a line: usually one, several where a line break is lost. */
export function readLine(text: string, line: number): { records: StudyRecord[]; damage: Damage[] } {
  const records: StudyRecord[] = []
  const damage: Damage[] = []
  if (text === '' || text === mark) return { records, damage }
  for (const piece of text.split(beginnings)) {
    const [, sum, json, after] = whole.exec(piece) ?? []
    const isWhole = json !== undefined && sumOf(json) === sum
    if (isWhole) records.push(JSON.parse(json))
    const rest = isWhole ? after : piece
    const isCutOff = rest.endsWith(mark)
    const left = isCutOff ? rest.slice(0, -mark.length) : rest
    if (left === '') continue
    const shown = JSON.stringify(left.length > 40 ? `${left.slice(0, 40)}...` : left)
    const why = isCutOff ? 'its process ended while writing' : 'its checksum does not agree'
    damage.push({ line, what: `${shown}: ${why}`, isCutOff })
  }
  return { records, damage }
}

export class Journal {
  readonly path: string
  readonly damage: Damage[] = []
  /** Bytes and lines read so far. */
  #at = 0
  #lines = 0
  #reading: number | undefined
  #writing: number | undefined

  constructor(path: string) {
    this.path = path
  }

  /**
   * The records since the last call. An incomplete last line is left for later: its process may still be writing it.
   */
  read(): StudyRecord[] {
    const records: StudyRecord[] = []
    this.#reading ??= openSync(this.path, 'r')
    const { size } = fstatSync(this.#reading)
    if (size < this.#at)
      throw new KingletError(`${this.path}: it has shrunk from ${this.#at} to ${size} bytes: start again`)
    if (size === this.#at) return records
    const lines = textAt(this.#reading, this.#at, size).split('\n')
    const tail = lines.pop()!
    for (const [i, text] of lines.entries()) {
      const read = readLine(text, this.#lines + i + 1)
      records.push(...read.records)
      this.damage.push(...read.damage)
    }
    this.#lines += lines.length
    this.#at = size - tail.length
    // A complete record counts even without its line break.
    const [, sum, json] = whole.exec(tail) ?? []
    if (json !== undefined && sumOf(json) === sum) {
      records.push(JSON.parse(json))
      this.#at += sum.length + 1 + json.length
    }
    return records
  }

  /** The incomplete last line, if there is one: a process is writing it, or was killed while writing. */
  tail(): Damage | undefined {
    if (this.#reading === undefined) return undefined
    const { size } = fstatSync(this.#reading)
    const text = textAt(this.#reading, this.#at, size)
    return text.includes('\n') ? undefined : readLine(`${text}${mark}`, this.#lines + 1).damage[0]
  }

  /** Appends records. When it returns, they are on the disk. */
  append(...records: readonly StudyRecord[]): void {
    writing(this.path, () => {
      this.#writing ??= openSync(this.path, 'a+')
      const text = records.map((record) => `${lineOf(record)}\n`).join('')
      const bytes = Buffer.from(`${this.#endsWithLine() ? '' : `${mark}\n`}${text}`, 'latin1')
      const written = writeSync(this.#writing, bytes)
      assert(
        written === bytes.length,
        () =>
          `${this.path}: ${written} of ${bytes.length} bytes were written: is the disk full? Make room and start again`,
      )
      fdatasyncSync(this.#writing)
    })
  }

  #endsWithLine(): boolean {
    const { size } = fstatSync(this.#writing!)
    return size === 0 || textAt(this.#writing!, size - 1, size) === '\n'
  }

  close(): void {
    for (const file of [this.#reading, this.#writing]) if (file !== undefined) closeSync(file)
    this.#reading = this.#writing = undefined
  }
}

function textAt(file: number, from: number, to: number): string {
  const bytes = Buffer.alloc(to - from)
  let length = 0
  for (let n = 1; n > 0 && length < bytes.length; length += n)
    n = readSync(file, bytes, length, bytes.length - length, from + length)
  return bytes.toString('latin1', 0, length)
}
