/**
 * Times graphs on a machine that is busy at times. Each group of graphs includes the same small reference. If the
 * reference takes longer than its best time, other programs used the processor during the group. The group is then timed
 * again after all others. Of each graph the fastest try counts, since other programs can only slow it down.
 */
import { quartiles } from '../core/index.ts'
import type { Graph } from '../graph/index.ts'
import { unitGraph, workOf } from './graphs.ts'
import type { Timer, TimingOptions } from './timer.ts'
import { runUnit, type Unit } from './units.ts'

export const reference: Unit = { ...runUnit(1), kind: 'conv', height: 14, width: 14, channels: [96, 96], act: 'relu' }
const copies = 12
/** The machine was busy if the reference took more than this times its best time. */
const busy = 1.12
const tries = 3
/** Upper bounds of the graphs in a group and of the values that they hold: a phone has little memory. */
const most = { graphs: 16, values: 16_000_000 }

/** Multiply-adds per millisecond of the reference when it takes `referenceMs`. */
export const speedOf = (referenceMs: number): number => (copies * workOf(reference).macs) / referenceMs

export interface QuietGroup<T> {
  readonly items: readonly T[]
  /** Milliseconds of each burst: `[item][graph][round]`. */
  readonly times: readonly (readonly (readonly number[])[])[]
  /** The best time of the reference so far; pass it to the next call. */
  readonly referenceMs: number
}

/** An item to time, with one graph or several that belong together. */
interface Item {
  readonly graphs: () => readonly Graph[]
  readonly count: number
  /** Number of weights in its graphs. */
  readonly values: number
}

function groupsOf<T extends Item>(items: readonly T[]): T[][] {
  const groups: T[][] = []
  let [graphs, values] = [Number.POSITIVE_INFINITY, 0]
  for (const item of items) {
    if (graphs + item.count > most.graphs || values + item.values > most.values) {
      groups.push([])
      ;[graphs, values] = [0, 0]
    }
    groups[groups.length - 1].push(item)
    graphs += item.count
    values += item.values
  }
  return groups
}

const faster = (a: number[], b: number[]): number[] => (quartiles(a).median <= quartiles(b).median ? a : b)

/** Times `items` in groups and yields each group when it is done. `best` is the best time of the reference before. */
export async function* timeQuietly<T extends Item>(
  timer: Timer,
  items: readonly T[],
  timing: TimingOptions,
  best = Number.POSITIVE_INFINITY,
): AsyncGenerator<QuietGroup<T>, void, undefined> {
  interface Waiting {
    readonly items: readonly T[]
    tried: number
    /** The fastest try of each graph. */
    quietest?: { readonly times: readonly number[][]; readonly ownMs: number }
  }
  const waiting = groupsOf(items).map((own): Waiting => ({ items: own, tried: 0 }))
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const graphs = [unitGraph(reference, copies), ...next.items.flatMap((item) => item.graphs())]
    const [ofReference, ...times] = await timer.time(graphs, timing)
    const ownMs = quartiles(ofReference).median
    best = Math.min(best, ownMs)
    const before = next.quietest
    next.quietest = before
      ? { times: times.map((own, i) => faster(before.times[i], own)), ownMs: Math.min(before.ownMs, ownMs) }
      : { times, ownMs }
    next.tried++
    if (next.quietest.ownMs > busy * best && next.tried < tries) {
      waiting.push(next)
      continue
    }
    const rest = [...next.quietest.times]
    yield { items: next.items, times: next.items.map(({ count }) => rest.splice(0, count)), referenceMs: best }
  }
}
