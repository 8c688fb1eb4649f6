/**
 * Timing on a machine that is busy now and then: each group of graphs has the same small reference in it. Where that takes
 * longer than at its best, others had the processor throughout the group: it is timed once more, after all others, and
 * the quietest try counts.
 */
import type { Graph } from '../../graph/index.ts'
import { unitGraph, workOf } from './graphs.ts'
import { quartilesOf, type Timer, type TimingOptions } from './timer.ts'
import { runUnit, type Unit } from './units.ts'

export const reference: Unit = { ...runUnit(1), kind: 'conv', height: 14, width: 14, channels: [96, 96], act: 'relu' }
const copies = 12
/** A reference slower than this times its best says that the machine was busy. */
const busy = 1.12
const tries = 3
/** Programs that are alive together. */
const groupSize = 8

/** Multiply-adds a millisecond of the reference, when it takes `referenceMs`. */
export const speedOf = (referenceMs: number): number => (copies * workOf(reference).macs) / referenceMs

export interface QuietGroup<T> {
  readonly items: readonly T[]
  /** Milliseconds of each burst: `[item][round]`. */
  readonly times: readonly (readonly number[])[]
  /** The reference at its best so far: hand it on to the next call. */
  readonly referenceMs: number
}

/** Times `items` in groups; yields each group when it is done. `best` is the reference at its best before. */
export async function* timeQuietly<T>(
  timer: Timer,
  items: readonly T[],
  graphOf: (item: T) => Graph,
  timing: TimingOptions,
  best = Number.POSITIVE_INFINITY,
): AsyncGenerator<QuietGroup<T>, void, undefined> {
  interface Waiting {
    readonly items: readonly T[]
    tried: number
    quietest?: { readonly times: readonly number[][]; readonly ownMs: number }
  }
  const waiting: Waiting[] = []
  for (let at = 0; at < items.length; at += groupSize)
    waiting.push({ items: items.slice(at, at + groupSize), tried: 0 })
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const graphs = [unitGraph(reference, copies), ...next.items.map(graphOf)]
    const [ofReference, ...times] = await timer.time(graphs, timing)
    const ownMs = quartilesOf(ofReference).median
    best = Math.min(best, ownMs)
    if (!next.quietest || ownMs < next.quietest.ownMs) next.quietest = { times, ownMs }
    next.tried++
    if (next.quietest.ownMs > busy * best && next.tried < tries) waiting.push(next)
    else yield { items: next.items, times: next.quietest.times, referenceMs: best }
  }
}
