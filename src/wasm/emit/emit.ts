/**
 * Emits a plan as a WebAssembly module. Each distinct kernel phase becomes one function. The driver `run(tid, threads)`
 * calls the functions in order. A barrier precedes a call only if the call reads or writes memory that a call since the
 * last barrier wrote, or writes memory that it read.
 */
import { size } from '../../core/index.ts'
import type { Plan } from '../../graph/plan/index.ts'
import type { Value } from '../../ops/index.ts'
import { type Func, i32, type Local, ModuleBuilder } from '../assembler/index.ts'
import { copyPhase } from '../kernels/copy.ts'
import { elementBytes } from '../kernels/elements.ts'
import { type Kernel, type Phase, readSlack } from '../kernels/kernel.ts'
import { control, dataStart } from '../runtime/control.ts'
import type { Target } from '../target.ts'
import { emitBarrier } from './barrier.ts'
import { countersBytes, sharePieces } from './share.ts'

interface Range {
  readonly start: number
  readonly end: number
}

/** One call of the driver: a phase and its addresses. */
interface Call {
  readonly phase: Phase
  readonly inputs: readonly number[]
  readonly y: number
  readonly scratch: number
  readonly reads: readonly Range[]
  readonly writes: readonly Range[]
  /** Whether thread 0 alone runs the call. */
  readonly alone: boolean
}

export interface Emitted {
  readonly bytes: Uint8Array
  readonly pages: number
  /** End of the data in memory. The driver owns what follows. */
  readonly dataEnd: number
  /** Numbers of distinct functions and of calls of the driver, for tests and reports. */
  readonly functions: number
  readonly calls: number
  readonly barriers: number
}

const pageBytes = 65536
const overlap = (a: Range, b: Range): boolean => a.start < b.end && b.start < a.end

/** Byte address of a value of the plan in linear memory. */
export const placeOf = (plan: Plan, v: Value): number => dataStart + plan.address(v)

export interface EmitOptions {
  /** Number of threads that run the module. */
  readonly threads: number
  /** Whether the memory is shared. With several threads it must be. */
  readonly shared: boolean
  /** The target of the kernels. */
  readonly target: Target
  /** Also exports each call of the driver, as `step0`, `step1`, ..., for one thread. `profile` times them. */
  readonly stepExports?: boolean
}

/** The layout of a program's memory: the end of the data, the counters of a call, and the number of pages. */
export function layoutOf(plan: Plan, kernels: ReadonlyMap<Value, Kernel>, threads: number) {
  const calls = plan.steps.reduce((n, v) => n + kernels.get(v)!.phases.length, plan.copies.length)
  const dataEnd = dataStart + plan.parameterBytes + plan.constantBytes + plan.arenaBytes + readSlack
  const countersAt = (call: number) => Math.ceil(dataEnd / dataStart) * dataStart + call * countersBytes(threads)
  return { dataEnd, countersAt, pages: Math.ceil((threads > 1 ? countersAt(calls) : dataEnd) / pageBytes) }
}

/** Emits the module for `plan`; `kernels` holds the kernel of each step. */
export function emitProgram(
  plan: Plan,
  kernels: ReadonlyMap<Value, Kernel>,
  { threads, shared, target, stepExports = false }: EmitOptions,
): Emitted {
  const calls = callsOf(plan, kernels, target)
  const { dataEnd, countersAt, pages } = layoutOf(plan, kernels, threads)
  const m = new ModuleBuilder({ memory: { initialPages: pages, maximumPages: pages, shared }, relaxed: target.relaxed })
  const barrier = threads > 1 ? emitBarrier(m) : undefined

  type PhaseFunction = Func<readonly ['i32', 'i32', 'i32', ...'i32'[]], readonly []>
  const functions = new Map<string, PhaseFunction>()
  const functionOf = ({ phase, inputs, alone }: Call): PhaseFunction => {
    const { pieces } = phase
    const key = `${phase.key} / ${inputs.length} ${pieces} ${alone}`
    const known = functions.get(key)
    if (known) return known
    const params = ['i32', 'i32', 'i32', 'i32', 'i32', ...inputs.map(() => 'i32' as const)] as const
    const func = m.func(params, [], (f, turn, thread, counters, y, scratch, ...addresses) => {
      const work = (from: Local<'i32'>, to: Local<'i32'>) => phase.emit(f, from, to, { inputs: addresses, y, scratch })
      const all = () => work(f.let(i32.const(0)), f.let(i32.const(pieces)))
      if (threads === 1) all()
      else if (alone) f.if(i32.eqz(thread), all)
      else sharePieces(f, { threads, pieces, draws: target.sharing.draws, turn, thread, counters }, work)
    })
    functions.set(key, func as unknown as PhaseFunction)
    return func as unknown as PhaseFunction
  }

  const emitted = calls.map((call) => ({ call, func: functionOf(call) }))
  let barriers = 0
  const run = m.func(['i32', 'i32'], [], (f, thread, count) => {
    // The caller increments the number of runs before the threads start.
    const turn = f.let(threads > 1 ? i32.sub(i32.atomicLoad(0, control.go), 1) : i32.const(0))
    let since: Call[] = []
    for (const [i, { call, func }] of emitted.entries()) {
      if (since.some((before) => clash(before, call))) {
        if (barrier) f.call(barrier, count)
        barriers++
        since = []
      }
      since.push(call)
      f.call(func, turn, thread, countersAt(i), call.y, call.scratch, ...call.inputs)
    }
    if (barrier) f.call(barrier, count)
  })
  m.export('run', run)
  if (stepExports)
    for (const [i, { call, func }] of emitted.entries())
      m.export(
        `step${i}`,
        m.func([], [], (f) => f.call(func, 0, 0, 0, call.y, call.scratch, ...call.inputs)),
      )
  return { bytes: m.toBytes(), pages, dataEnd, functions: functions.size, calls: calls.length, barriers }
}

const bytesIn = (ranges: readonly Range[]): number => ranges.reduce((n, { start, end }) => n + end - start, 0)

/** Whether `call` must wait for `before`, which another thread may still execute. */
const clash = (before: Call, call: Call): boolean =>
  !(before.alone && call.alone) &&
  (call.reads.some((r) => before.writes.some((w) => overlap(r, w))) ||
    call.writes.some((w) => [...before.writes, ...before.reads].some((o) => overlap(w, o))))

function callsOf(plan: Plan, kernels: ReadonlyMap<Value, Kernel>, { sharing }: Target): Call[] {
  const rangeOf = (v: Value): Range => {
    const start = placeOf(plan, v)
    return { start, end: start + size(v.shape) * elementBytes(v) }
  }
  const calls: Call[] = []
  for (const v of plan.steps) {
    const kernel = kernels.get(v)!
    const scratch = dataStart + plan.scratch(v)
    const working = kernel.scratchBytes ? [{ start: scratch, end: scratch + kernel.scratchBytes }] : []
    const reads = v.inputs.map(rangeOf)
    const isSmall = bytesIn([...reads, rangeOf(v)]) < sharing.leastBytes
    for (const phase of kernel.phases)
      calls.push({
        phase,
        alone: phase.pieces === 1 || (isSmall && (phase.macs ?? 0) < sharing.leastMacs),
        inputs: v.inputs.map((x) => placeOf(plan, x)),
        y: placeOf(plan, v),
        scratch,
        reads,
        // Working memory counts as written, so a second phase, which reads it, waits for the first phase.
        writes: [rangeOf(v), ...working],
      })
  }
  for (const { target, value } of plan.copies) {
    const phase = copyPhase(value)
    calls.push({
      phase,
      alone: phase.pieces === 1,
      inputs: [placeOf(plan, value)],
      y: placeOf(plan, target),
      scratch: 0,
      reads: [rangeOf(value)],
      writes: [rangeOf(target)],
    })
  }
  return calls
}
