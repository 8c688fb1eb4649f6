/**
 * Measures units, each once. The overhead of a run is measured first and subtracted from every later time. What is left,
 * divided by the number of copies, is a layer's time. Linear layers are measured among as many weights as the network has:
 * a product before the copies reads the rest. The extra cost of a sequence of layers is measured last: the time of
 * different layers in a row, less the time of each.
 */
import { type Quartiles, quartiles } from '../core/index.ts'
import { mixtureGraph, unitGraph, valuesInto, valuesIntoMixture, workOf } from './graphs.ts'
import { interpolate } from './interpolate.ts'
import { reference, speedOf, timeQuietly } from './quiet.ts'
import type { Timer, TimingOptions } from './timer.ts'
import { runUnit, stepsUnit, type Unit, unitKey } from './units.ts'

/** A unit with its time. */
export interface Measured {
  readonly unit: Unit
  readonly ms: Quartiles
}

export interface MeasureOptions extends Partial<TimingOptions> {
  /** Units that are already measured (in a table that is continued), and the best time of the reference there. */
  readonly before?: { readonly measured: readonly Measured[]; readonly referenceMs: number }
  /** Called when units are measured, with the number measured so far and the total. */
  onProgress?(done: number, of: number): void
}

/** The result of a group. */
export interface MeasuredGroup {
  readonly measured: readonly Measured[]
  /** The best time of the reference so far. */
  readonly referenceMs: number
}

/** Default numbers of bursts and runs: about a tenth of a second for each unit. */
export const defaultTiming = { rounds: 9, runs: 3 } as const
/** A program of many different layers runs each of them rarely, so it takes longer until all are fully optimized. */
export const longWarmup = { warmupMs: 100 }

/** The minimum length of a run, in ms and in ticks of the clock: a shorter one does not resolve a unit's share. */
const least = { ms: 2, ticks: 50 }
/** The most copies of a unit in a graph: more take longer to compile than to time. */
const most = { copies: 48, weightBytes: 4_000_000 }
/** The number of sequences of different layers, and the number of layers in each. */
const mixtures = { count: 6, layers: 24 }
/** Counts of layers for which the cost of a sequence is entered; it is proportional to the count. */
const stepCounts = [1, 1000]
/** Numbers of input values for which the overhead of a run is measured. */
const runSizes = [1, 16_384, 65_536, 262_144, 1_048_576]

/** The runs to measure, so that the overhead of every unit's run can be interpolated. */
export function runsFor(units: readonly Unit[]): Unit[] {
  const into = (unit: Unit) =>
    unit.kind === 'run' ? unit.channels[0] : valuesInto(unit, most.copies) + mixtures.layers
  const largest = Math.max(into(reference), ...units.map(into))
  return [...runSizes.filter((n) => n < largest), largest].map(runUnit)
}

/** The number of copies that makes a run long enough, by the machine's speed on the reference. */
function copiesOf(unit: Unit, referenceMs: number, tickMs: number): number {
  const { macs, bytes, weightBytes } = workOf(unit)
  // A depthwise convolution reaches a third of a product's speed; memory moves at two bytes a multiply-add at best.
  const about = Math.max(macs * (unit.kind === 'conv' ? 1 : 3), bytes / 2) / speedOf(referenceMs)
  const wanted = Math.ceil(Math.max(least.ms, least.ticks * tickMs) / about)
  const among = unit.kind === 'linear' ? 1024 * unit.channels[2] : most.weightBytes
  return Math.max(1, Math.min(wanted, most.copies, Math.floor(among / Math.max(1, weightBytes))))
}

/** A unit with the graphs that time it: one with its copies, and with ballast a second one without them. */
function itemOf(unit: Unit, copies: number) {
  const weights = (copies * workOf(unit).weightBytes) / 4
  const ballast = unit.kind === 'linear' ? Math.max(0, 256 * unit.channels[2] - weights) : 0
  const counts = ballast > 0 ? [copies, 0] : [copies]
  return {
    ...{ unit, copies, count: counts.length, values: weights + counts.length * ballast },
    graphs: () => counts.map((n) => unitGraph(unit, n, ballast)),
  }
}

/** Sequences of small layers of all kinds, drawn at even distances. Each sequence begins at another layer. */
function mixturesOf(units: readonly Unit[]): Unit[][] {
  const layers = units.filter(({ kind }) => kind === 'conv' || kind === 'depthwise' || kind === 'pool')
  const small = layers.sort((a, b) => workOf(a).bytes - workOf(b).bytes).slice(0, Math.ceil((2 * layers.length) / 3))
  if (small.length === 0) return []
  return Array.from({ length: mixtures.count }, (_, m) =>
    Array.from({ length: mixtures.layers }, (_, i) => small[(m + i * (mixtures.count + 1)) % small.length]),
  )
}

/** Measures `units`. Yields the result of each group, so that the caller can store it. */
export async function* measureUnits(
  timer: Timer,
  units: readonly Unit[],
  options: MeasureOptions = {},
): AsyncGenerator<MeasuredGroup, void, undefined> {
  const { before, signal, rounds = defaultTiming.rounds, runs = defaultTiming.runs, onProgress } = options
  const timing: TimingOptions = { rounds, runs, signal }
  const all = new Map(before?.measured.map((one) => [unitKey(one.unit), one]))
  let best = before?.referenceMs ?? Number.POSITIVE_INFINITY
  let done = 0

  /** The overhead of a run with this many input values, in ms. */
  const runMs = (values: number): number => {
    const runs = [...all.values()].filter(({ unit }) => unit.kind === 'run')
    return interpolate(
      runs.map(({ unit, ms }) => ({ channels: unit.channels, value: ms.median })),
      [values],
    )!
  }
  const finish = (measured: readonly Measured[]): MeasuredGroup => {
    for (const one of measured) all.set(unitKey(one.unit), one)
    done += measured.length
    onProgress?.(done, units.length)
    return { measured, referenceMs: best }
  }

  const through = async function* (items: readonly ReturnType<typeof itemOf>[]): AsyncGenerator<MeasuredGroup> {
    for await (const { items: own, times, referenceMs } of timeQuietly(timer, items, timing, best)) {
      best = referenceMs
      yield finish(
        own.map(({ unit, copies }, i): Measured => {
          const [together, without] = times[i]
          const rest = unit.kind === 'run' ? 0 : without ? quartiles(without).median : runMs(valuesInto(unit, copies))
          return { unit, ms: quartiles(together.map((ms) => Math.max(0, ms - rest) / copies)) }
        }),
      )
    }
  }

  const kinds = (is: (kind: Unit['kind']) => boolean) => units.filter(({ kind }) => is(kind))
  yield* through(kinds((kind) => kind === 'run').map((unit) => itemOf(unit, 1)))
  const layers = kinds((kind) => kind !== 'run' && kind !== 'steps')
  yield* through(layers.map((unit) => itemOf(unit, copiesOf(unit, best, timer.tickMs))))

  const steps = kinds((kind) => kind === 'steps')
  if (steps.length === 0) return
  const rows = mixturesOf([...all.values()].map(({ unit }) => unit)).map((own) => ({
    ...{ own, graphs: () => [mixtureGraph(own)], count: 1 },
    values: own.reduce((n, unit) => n + workOf(unit).weightBytes / 4, 0),
  }))
  const each: number[] = []
  for await (const { items, times, referenceMs } of timeQuietly(timer, rows, { ...timing, ...longWarmup }, best)) {
    best = referenceMs
    for (const [i, { own }] of items.entries()) {
      const alone = own.reduce((n, unit) => n + all.get(unitKey(unit))!.ms.median, runMs(valuesIntoMixture(own)))
      each.push((quartiles(times[i][0]).median - alone) / own.length)
    }
  }
  const { lower, median, upper } = quartiles(each.length > 0 ? each : [0])
  yield finish(
    steps.map((unit): Measured => {
      const of = (ms: number) => Math.max(0, ms) * unit.channels[0]
      return { unit, ms: { lower: of(lower), median: of(median), upper: of(upper) } }
    }),
  )
}

/** The units for the extra cost of layers in sequence. */
export const stepUnits = (): Unit[] => stepCounts.map(stepsUnit)
