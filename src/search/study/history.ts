/**
 * The state of a study's trials, computed from its records in order. The order decides: of two workers that take the
 * same trial, the one with the earlier record has it, and of two results the first counts. So all readers of the same
 * records get the same state. Duplicate and late records change nothing.
 *
 * A missing record (a damaged line) loses only its own content. Without its first `take`, a trial is known from a later
 * one or from its `finish`, which also have its point. Without its `finish`, it is resumed. A missing report was never
 * made. A trial without any record starts anew.
 */
import type { Point } from '../space/space.ts'
import type { StepReport, Trial } from '../trial.ts'
import type { Result, Study } from './store.ts'

export type StudyRecord =
  | { readonly kind: 'study'; readonly format: 1; readonly study: Study }
  /** The wanted number of trials changes. */
  | { readonly kind: 'wanted'; readonly trials: number }
  /** `by` takes the trial. `turn` is the number of times it was taken before. */
  | {
      readonly kind: 'take'
      readonly number: number
      readonly turn: number
      readonly by: string
      readonly at: number
      readonly point: Point
    }
  | ({ readonly kind: 'report'; readonly number: number } & StepReport)
  | { readonly kind: 'pause' | 'back'; readonly number: number; readonly turn: number }
  | {
      readonly kind: 'finish'
      readonly number: number
      readonly by: string
      readonly at: number
      readonly point: Point
      readonly result: Result
    }

type RecordOf<K extends StudyRecord['kind']> = Extract<StudyRecord, { kind: K }>

/** A trial and its holder. */
export interface Known extends Trial {
  readonly tries: number
  /** How many times the trial was taken. */
  readonly turns: number
  /** The current or last holder. */
  readonly by: string
  /** The trial has no holder: it was given back, or its holder took another one. */
  readonly free: boolean
}

export class History {
  study: Study | undefined
  readonly #trials = new Map<number, Known>()
  /** Reports of trials whose point is not known yet. */
  readonly #orphans = new Map<number, StepReport[]>()
  /** The trial that each worker took last. */
  readonly #has = new Map<string, number>()
  readonly #apply: { readonly [K in StudyRecord['kind']]: (record: RecordOf<K>) => void } = {
    study: ({ study }) => {
      this.study ??= study
    },
    wanted: ({ trials }) => {
      if (this.study) this.study = { ...this.study, trials }
    },
    take: (record) => this.#take(record),
    report: ({ number, step, value }) => {
      const trial = this.#trials.get(number)
      if (trial && isOver(trial)) return
      const reports = trial?.reports ?? this.#orphans.get(number) ?? []
      if (reports.some((r) => r.step === step)) return
      const all = [...reports, { step, value }].sort((a, b) => a.step - b.step)
      if (trial) this.#trials.set(number, { ...trial, reports: all })
      else this.#orphans.set(number, all)
    },
    pause: ({ number, turn }) => {
      if (this.isHolder(number, turn)) this.#change(number, { state: 'paused', tries: 0, free: true })
    },
    back: ({ number, turn }) => {
      if (this.isHolder(number, turn)) this.#change(number, { free: true, tries: this.#trials.get(number)!.tries - 1 })
    },
    finish: ({ number, by, at, point, result }) => {
      const trial = this.#trials.get(number) ?? this.#made(number, point, by, at)
      if (!isOver(trial)) this.#trials.set(number, { ...trial, ...result, by, ended: at, free: true })
    },
  }

  add<K extends StudyRecord['kind']>(record: RecordOf<K>): void {
    this.#apply[record.kind as K](record)
  }

  /** In order of trial number. */
  all(): Known[] {
    return [...this.#trials.values()].sort((a, b) => a.number - b.number)
  }

  get(number: number): Known | undefined {
    return this.#trials.get(number)
  }

  /** No record was added yet. */
  get isUntouched(): boolean {
    return !this.study && this.#trials.size === 0 && this.#orphans.size === 0
  }

  /** Whether the worker that took the trial at `turn` still holds it. */
  isHolder(number: number, turn: number): boolean {
    const trial = this.#trials.get(number)
    return trial !== undefined && trial.state === 'running' && !trial.free && trial.turns === turn + 1
  }

  #take({ number, turn, by, at, point }: RecordOf<'take'>): void {
    const trial = this.#trials.get(number) ?? this.#made(number, point, by, at)
    if (isOver(trial) || turn < trial.turns) return
    const before = this.#has.get(by)
    if (before !== undefined && before !== number) this.#leave(before, by)
    this.#has.set(by, number)
    this.#trials.set(number, { ...trial, state: 'running', tries: trial.tries + 1, turns: turn + 1, by, free: false })
  }

  #leave(number: number, by: string): void {
    const trial = this.#trials.get(number)!
    if (trial.state === 'running' && trial.by === by) this.#change(number, { free: true })
  }

  #made(number: number, point: Point, by: string, began: number): Known {
    const reports = this.#orphans.get(number) ?? []
    return { number, point, state: 'running', reports, began, tries: 0, turns: 0, by, free: true }
  }

  #change(number: number, to: Partial<Known>): void {
    this.#trials.set(number, { ...this.#trials.get(number)!, ...to })
  }
}

export const isOver = ({ state }: Trial): boolean => state !== 'running' && state !== 'paused'
