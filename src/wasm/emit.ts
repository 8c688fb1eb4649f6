/**
 * From a plan to a WebAssembly module. Each distinct kernel phase becomes one function; the driver `run(tid, threads)`
 * calls them in order, with a barrier only where a call touches memory that another since the last barrier wrote, or
 * writes what one read.
 */
import { bytesOf, size } from '../core/index.ts'
import type { Plan } from '../graph/index.ts'
import type { Value } from '../ops/index.ts'
import { type Func, i32, ModuleBuilder } from './assembler/index.ts'
import { emitBarrier } from './barrier.ts'
import { dataStart } from './control.ts'
import { copyPhase } from './kernels/copy.ts'
import { type Kernel, type Phase, readSlack } from './kernels/kernel.ts'

interface Range {
  readonly start: number
  readonly end: number
}

/** One call of the driver: a phase over addresses. */
interface Call {
  readonly phase: Phase
  readonly inputs: readonly number[]
  readonly y: number
  readonly scratch: number
  readonly reads: readonly Range[]
  readonly writes: readonly Range[]
}

export interface Emitted {
  readonly bytes: Uint8Array
  readonly pages: number
  /** Distinct functions, and calls of the driver: what tests and reports count. */
  readonly functions: number
  readonly calls: number
  readonly barriers: number
}

const pageBytes = 65536
const overlap = (a: Range, b: Range): boolean => a.start < b.end && b.start < a.end

/** Byte address in linear memory of a value of the plan. */
export const placeOf = (plan: Plan, v: Value): number => dataStart + plan.address(v)

export interface EmitOptions {
  /** Threads share the memory. */
  readonly shared: boolean
  /** Sums of products use relaxed SIMD. */
  readonly relaxed: boolean
  /** Each call of the driver is exported too, as `step0`, `step1`, ..., for one thread: what `profile` times. */
  readonly stepExports?: boolean
}

/** Emits the module for `plan`; `kernels` holds the kernel of each step. */
export function emitProgram(
  plan: Plan,
  kernels: ReadonlyMap<Value, Kernel>,
  { shared, relaxed, stepExports = false }: EmitOptions,
): Emitted {
  const bytes = dataStart + plan.parameterBytes + plan.constantBytes + plan.arenaBytes + readSlack
  const pages = Math.ceil(bytes / pageBytes)
  const m = new ModuleBuilder({ memory: { initialPages: pages, maximumPages: pages, shared }, relaxed })
  const barrier = shared ? emitBarrier(m) : undefined
  const calls = callsOf(plan, kernels)

  type PhaseFunction = Func<readonly ['i32', 'i32', ...'i32'[]], readonly []>
  const functions = new Map<string, PhaseFunction>()
  const functionOf = ({ phase, inputs }: Call): PhaseFunction => {
    const key = `${phase.key} / ${inputs.length} ${phase.pieces}`
    const known = functions.get(key)
    if (known) return known
    const params = ['i32', 'i32', 'i32', 'i32', ...inputs.map(() => 'i32' as const)] as const
    const func = m.func(params, [], (f, tid, threads, y, scratch, ...addresses) => {
      const share = (t: typeof tid | ReturnType<typeof i32.add>) => f.let(i32.divU(i32.mul(t, phase.pieces), threads))
      const from = share(tid)
      const to = share(i32.add(tid, 1))
      f.if(i32.ltU(from, to), () => phase.emit(f, from, to, { inputs: addresses, y, scratch }))
    })
    functions.set(key, func as unknown as PhaseFunction)
    return func as unknown as PhaseFunction
  }

  const emitted = calls.map((call) => ({ call, func: functionOf(call) }))
  let barriers = 0
  const run = m.func(['i32', 'i32'], [], (f, tid, threads) => {
    let reads: Range[] = []
    let writes: Range[] = []
    for (const { call, func } of emitted) {
      const clashes =
        call.reads.some((r) => writes.some((w) => overlap(r, w))) ||
        call.writes.some((w) => writes.some((o) => overlap(w, o)) || reads.some((r) => overlap(w, r)))
      if (clashes) {
        if (barrier) f.call(barrier, threads)
        barriers++
        reads = []
        writes = []
      }
      reads.push(...call.reads)
      writes.push(...call.writes)
      f.call(func, tid, threads, call.y, call.scratch, ...call.inputs)
    }
    if (barrier) f.call(barrier, threads)
  })
  m.export('run', run)
  if (stepExports)
    for (const [i, { call, func }] of emitted.entries())
      m.export(
        `step${i}`,
        m.func([], [], (f) => f.call(func, 0, 1, call.y, call.scratch, ...call.inputs)),
      )
  return { bytes: m.toBytes(), pages, functions: functions.size, calls: calls.length, barriers }
}

function callsOf(plan: Plan, kernels: ReadonlyMap<Value, Kernel>): Call[] {
  const rangeOf = (v: Value): Range => {
    const start = placeOf(plan, v)
    return { start, end: start + size(v.shape) * bytesOf(v.dtype) }
  }
  const calls: Call[] = []
  for (const v of plan.steps) {
    const kernel = kernels.get(v)!
    const scratch = dataStart + plan.scratch(v)
    const working = kernel.scratchBytes ? [{ start: scratch, end: scratch + kernel.scratchBytes }] : []
    for (const phase of kernel.phases)
      calls.push({
        phase,
        inputs: v.inputs.map((x) => placeOf(plan, x)),
        y: placeOf(plan, v),
        scratch,
        reads: v.inputs.map(rangeOf),
        // Working memory counts as written, so a second phase, which reads it, waits for the first.
        writes: [rangeOf(v), ...working],
      })
  }
  for (const { target, value } of plan.copies)
    calls.push({
      phase: copyPhase(value),
      inputs: [placeOf(plan, value)],
      y: placeOf(plan, target),
      scratch: 0,
      reads: [rangeOf(value)],
      writes: [rangeOf(target)],
    })
  return calls
}
