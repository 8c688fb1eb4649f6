/**
 * Profiles a program: times each kernel of a graph separately, on one thread, in the order and memory of a real run. So
 * each kernel finds in the caches what the kernels before it left there.
 */
import { bytesOf, size, type TypedArrayOf } from '../core/index.ts'
import { type CompileOptions, startingWeights } from '../engine/index.ts'
import { type Graph, nameOf, roots, topological } from '../graph/index.ts'
import { bodyOf, fusedOp, isReduction } from '../graph/passes/index.ts'
import { isConstant, isInput, isParameter, macsOf, type Value } from '../ops/index.ts'
import { emitProgram, placeOf } from './emit/emit.ts'
import type { Determinism } from './engine.ts'
import { contractOf } from './passes/contracts.ts'
import { planKernels, prepare } from './prepare.ts'
import { hasRelaxedSimd } from './relaxed.ts'
import { targetFor } from './target.ts'

/** One kernel call of a program. */
export interface StepProfile {
  /** The layer (`blocks.3.expand`). */
  readonly layer: string
  /** The op, or the centre of a fused expression: `packed_matmul`, `sums`, `elementwise`; `copy` for an update. */
  readonly op: string
  /** Index of the phase within its kernel. */
  readonly phase: number
  readonly shape: readonly number[]
  /** Multiply-adds. A kernel with several phases counts them in the first. */
  readonly macs: number
  /** Bytes of all operands and of the result, counted in the same phase as `macs`. */
  readonly readBytes: number
  readonly writtenBytes: number
  /** Milliseconds of each run. */
  readonly times: readonly number[]
}

export interface ProfileOptions extends CompileOptions {
  /** Values of the graph's inputs, as `run` takes them. */
  readonly inputs: Readonly<Record<string, TypedArrayOf>>
  /** Number of timed runs. Default 30. */
  readonly runs?: number
  /** Number of runs before them that are not timed. Default: a third of `runs`. */
  readonly warmup?: number
  /** As in {@link WasmOptions}. */
  readonly deterministic?: Determinism
  /** Called after each run, including warm-up, with the number of runs done. The next run waits for it. */
  onRun?(done: number, of: number): Promise<void> | void
}

/** The op that a step is built around. */
function kindOf(v: Value): { op: string; layer: string } {
  if (v.op !== fusedOp) return { op: v.op.name, layer: v.scope }
  const {
    anchor,
    roots: [root],
  } = bodyOf(v)
  if (anchor) return { op: anchor.op.name, layer: anchor.scope }
  return { op: isReduction(root) ? 'sums' : 'elementwise', layer: root.scope }
}

const bytesIn = (v: Value): number => size(v.shape) * bytesOf(v.dtype)

/**
 * Runs a graph kernel by kernel and times each. The graph is compiled as an engine with the same options would compile it.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { profile } from 'kinglet/wasm'
 *
 * const net = build('mobilenet_v1', { width: 0.25, size: 32, classes: 3 })
 * const x = new Float32Array(32 * 32 * 3).fill(0.5)
 * const steps = await profile(net.graph(), { weights: net.weights, freeze: true, inputs: { x }, runs: 3 })
 * steps.find((s) => s.layer === 'blocks.0.depthwise')?.op // => 'depthwise_conv2d'
 * ```
 */
export async function profile(graph: Graph, options: ProfileOptions): Promise<StepProfile[]> {
  const { inputs, runs = 30, warmup = Math.ceil(runs / 3), deterministic = 'here', onRun } = options
  const weights = startingWeights(graph, options)
  const prepared = prepare(graph, options.freeze ? weights : undefined)
  const target = targetFor({ relaxed: deterministic === 'here' && hasRelaxedSimd() })
  const { plan, kernels } = await planKernels(prepared, target)
  const { bytes, pages } = emitProgram(plan, kernels, { threads: 1, shared: false, target, stepExports: true })
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { instance } = await WebAssembly.instantiate(bytes as Uint8Array<ArrayBuffer>, { env: { memory } })
  const fill = (v: Value, { buffer, byteOffset, byteLength }: TypedArrayOf) =>
    new Uint8Array(memory.buffer).set(new Uint8Array(buffer, byteOffset, byteLength), placeOf(plan, v))
  const fillLeaves = (of: (v: Value) => boolean, data: (v: Value) => TypedArrayOf) => {
    for (const v of topological(roots(prepared))) if (of(v)) fill(v, data(v))
  }
  fillLeaves(isConstant, (v) => v.attrs.tensor.data)
  fillLeaves(isParameter, (v) => weights.get(nameOf(v))!.data)

  const steps = [
    ...plan.steps.flatMap((v) =>
      kernels.get(v)!.phases.map((_, phase) => ({
        ...kindOf(v),
        phase,
        shape: v.shape,
        macs: phase === 0 ? macsOf(v, contractOf) : 0,
        readBytes: phase === 0 ? v.inputs.reduce((n, x) => n + bytesIn(x), 0) : 0,
        writtenBytes: phase === 0 ? bytesIn(v) : 0,
        times: [] as number[],
      })),
    ),
    ...plan.copies.map(({ target: v }) => ({
      op: 'copy',
      layer: nameOf(v),
      phase: 0,
      shape: v.shape,
      macs: 0,
      readBytes: bytesIn(v),
      writtenBytes: bytesIn(v),
      times: [] as number[],
    })),
  ]
  const calls = steps.map((_, i) => instance.exports[`step${i}`] as () => void)
  for (let run = 0; run < warmup + runs; run++) {
    // Inputs share the arena with later results, so they are written again for each run.
    fillLeaves(isInput, (v) => inputs[nameOf(v)])
    let before = performance.now()
    for (const [i, call] of calls.entries()) {
      call()
      const now = performance.now()
      if (run >= warmup) steps[i].times.push(now - before)
      before = now
    }
    await onRun?.(run + 1, warmup + runs)
  }
  return steps
}
