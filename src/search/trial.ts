/** The parts of a study: objectives, and trials with their results. Plain data, as it is stored. */
import type { Point, Space } from './space/space.ts'

export interface Objective {
  /** The name, with its unit: `accuracy`, `latencyMs`, `macs`. */
  readonly name: string
  readonly direction: 'minimize' | 'maximize'
}

/**
 * - `running`: a worker evaluates it.
 * - `paused`: it waits for others of its rung (synchronous halving).
 * - `complete`: it has values.
 * - `pruned`: it was stopped early; its last report stands for it.
 * - `failed`: it has a reason and no values.
 */
export type TrialState = 'running' | 'paused' | 'complete' | 'pruned' | 'failed'

/** An intermediate value: the study's first objective after `step` epochs, or whatever the evaluation counts. */
export interface StepReport {
  readonly step: number
  readonly value: number
}

export interface Trial {
  /** From 0, in the order in which trials started. */
  readonly number: number
  readonly point: Point
  readonly state: TrialState
  /** In the order of the study's objectives. Complete trials have them. */
  readonly values?: readonly number[]
  /** The excess over each budget, in the budget's unit; 0 or less where it is met. */
  readonly violations?: readonly number[]
  readonly reports: readonly StepReport[]
  /** The reason why it failed or was pruned. */
  readonly reason?: string
  /** Milliseconds since 1970. */
  readonly began?: number
  readonly ended?: number
  /** Files that the trial left, by kind (`model`): paths relative to the study, or URLs. */
  readonly files?: Readonly<Record<string, string>>
}

/** The problem of a search. Together with the trials so far, it is all that an algorithm knows. */
export interface Problem {
  readonly space: Space
  readonly objectives: readonly Objective[]
  /** Seed of every random choice. */
  readonly seed: number
}
