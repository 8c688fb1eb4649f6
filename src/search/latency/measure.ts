/**
 * Measures units, each once. What a run costs by itself comes first, and is taken off everything after it; a unit's time
 * is what is left, shared by its copies.
 */
import { unitGraph, valuesInto, workOf } from './graphs.ts'
import { interpolate } from './interpolate.ts'
import { reference, speedOf, timeQuietly } from './quiet.ts'
import { type Quartiles, quartilesOf, type Timer, type TimingOptions } from './timer.ts'
import { runUnit, type Unit } from './units.ts'

/** A unit with the time that it takes. */
export interface Measured {
  readonly unit: Unit
  readonly ms: Quartiles
}

export interface MeasureOptions extends Partial<TimingOptions> {
  /** Runs that are measured already (in a table that is gone on with), and the reference at its best there. */
  readonly runsKnown?: readonly Measured[]
  readonly referenceMs?: number | undefined
  /** Called when units are measured, with how many of all. */
  onProgress?(done: number, of: number): void
}

/** What came out of a group. */
export interface MeasuredGroup {
  readonly measured: readonly Measured[]
  /** The reference at its best so far. */
  readonly referenceMs: number
}

/** Bursts and runs where nothing else is said: about a tenth of a second for each unit. */
export const defaultTiming = { rounds: 9, runs: 3 } as const

/** A run is at least so long (and as many ticks of the clock), so that a unit's share of it can be told. */
const least = { ms: 2, ticks: 50 }
/** Copies of a unit in a graph: more take longer to compile than to time. */
const most = { copies: 48, weightBytes: 24_000_000 }
/** Where runs are measured: values that go in. */
const runSizes = [1, 16_384, 65_536, 262_144, 1_048_576]

/** The runs that stand for those of all `units`. */
export function runsFor(units: readonly Unit[]): Unit[] {
  const into = (unit: Unit) => (unit.kind === 'run' ? unit.channels[0] : valuesInto(unit, most.copies))
  const largest = Math.max(into(reference), ...units.map(into))
  return [...runSizes.filter((n) => n < largest), largest].map(runUnit)
}

interface Item {
  readonly unit: Unit
  readonly copies: number
}

/** As many copies as make a run long enough, by what the reference says of the machine. */
function copiesOf(unit: Unit, referenceMs: number, tickMs: number): number {
  const { macs, bytes, weightBytes } = workOf(unit)
  // A depthwise convolution reaches a third of a product's speed; memory moves at two bytes a multiply-add at best.
  const about = Math.max(macs * (unit.kind === 'conv' ? 1 : 3), bytes / 2) / speedOf(referenceMs)
  const wanted = Math.ceil(Math.max(least.ms, least.ticks * tickMs) / about)
  const held = Math.floor(most.weightBytes / Math.max(1, weightBytes))
  return Math.max(2, Math.min(wanted, most.copies, held))
}

/** Measures `units`: yields what each group came to, so that it can be kept. */
export async function* measureUnits(
  timer: Timer,
  units: readonly Unit[],
  options: MeasureOptions = {},
): AsyncGenerator<MeasuredGroup, void, undefined> {
  const { runsKnown = [], signal, rounds = defaultTiming.rounds, runs = defaultTiming.runs, onProgress } = options
  const timing: TimingOptions = { rounds, runs, signal }
  const perRun = runsKnown.map(({ unit, ms }) => ({ channels: unit.channels, value: ms.median }))
  let best = options.referenceMs ?? Number.POSITIVE_INFINITY
  let done = 0

  const through = async function* (items: readonly Item[]): AsyncGenerator<MeasuredGroup> {
    const graphOf = ({ unit, copies }: Item) => unitGraph(unit, copies)
    for await (const { items: own, times, referenceMs } of timeQuietly(timer, items, graphOf, timing, best)) {
      best = referenceMs
      const measured = own.map(({ unit, copies }, i): Measured => {
        const runMs = unit.kind === 'run' ? 0 : interpolate(perRun, [valuesInto(unit, copies)])!
        return { unit, ms: quartilesOf(times[i].map((ms) => Math.max(0, ms - runMs) / copies)) }
      })
      done += own.length
      onProgress?.(done, units.length)
      yield { measured, referenceMs }
    }
  }

  const isRun = (unit: Unit) => unit.kind === 'run'
  for await (const group of through(units.filter(isRun).map((unit) => ({ unit, copies: 1 })))) {
    perRun.push(...group.measured.map(({ unit, ms }) => ({ channels: unit.channels, value: ms.median })))
    yield group
  }
  const layers = units.filter((unit) => !isRun(unit))
  yield* through(layers.map((unit) => ({ unit, copies: copiesOf(unit, best, timer.tickMs) })))
}
