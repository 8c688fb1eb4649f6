/** What a study consists of: objectives, and trials with what became of them. Plain data, as it is stored. */
import type { Point, Space } from './space/space.ts'

export interface Objective {
  /** `accuracy`, `latencyMs`, `macs`: units in names. */
  readonly name: string
  readonly direction: 'minimize' | 'maximize'
}

/**
 * `running`: someone works on it. `paused`: it waits for others of its rung (synchronous halving). `complete`: it has
 * values. `pruned`: stopped early, its last report stands for it. `failed`: it has a reason, and no values.
 */
export type TrialState = 'running' | 'paused' | 'complete' | 'pruned' | 'failed'

/** A value on the way: of the study's first objective after `step` epochs (or whatever the evaluation counts). */
export interface StepReport {
  readonly step: number
  readonly value: number
}

export interface Trial {
  /** From 0, in the order in which trials began. */
  readonly number: number
  readonly point: Point
  readonly state: TrialState
  /** In the order of the study's objectives; complete trials have them. */
  readonly values?: readonly number[]
  /** By how much each budget is exceeded, in its own unit: 0 or less where it is met. */
  readonly violations?: readonly number[]
  readonly reports: readonly StepReport[]
  /** Why it failed or was pruned. */
  readonly reason?: string
  /** Milliseconds since 1970. */
  readonly began?: number
  readonly ended?: number
  /** Files that it left, by what they are (`model`): paths relative to the study, or URLs. */
  readonly files?: Readonly<Record<string, string>>
}

/** What is searched for; with the trials so far, all that an algorithm knows. */
export interface Problem {
  readonly space: Space
  readonly objectives: readonly Objective[]
  /** Start of every random choice. */
  readonly seed: number
}
