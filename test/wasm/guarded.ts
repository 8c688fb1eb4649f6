/**
 * Runs a graph on the WebAssembly engine with guard words: memory is filled with a pattern, and every value is
 * followed by unused bytes, which must still hold the pattern after the run. Phases of equal keys
 * must have equal code.
 */

import { expect } from 'vitest'
import { bytesOf, dtypes, size, type Tensor, type TypedArrayOf } from '../../src/core/index.ts'
import { type Graph, inputsOf, nameOf, roots, topological } from '../../src/graph/index.ts'
import { isConstant, isInput, type Value } from '../../src/ops/index.ts'
import { emitProgram, placeOf } from '../../src/wasm/emit/emit.ts'
import { planKernels, prepare } from '../../src/wasm/prepare.ts'
import { dataStart } from '../../src/wasm/runtime/control.ts'
import { createExecutor } from '../../src/wasm/runtime/executor.ts'
import { type Target, targetFor } from '../../src/wasm/target.ts'
import { PhaseCode } from '../support/phase-code.ts'

const guardBytes = 64
/** For all graphs that a test file runs for the default target. */
const phases = new PhaseCode()
const pattern = 0xa5

export async function runGuarded(
  graph: Graph,
  inputs: Readonly<Record<string, TypedArrayOf>>,
  {
    threads,
    relaxed,
    target: other,
  }: { readonly threads: number; readonly relaxed: boolean; readonly target?: Target },
): Promise<Record<string, Tensor>> {
  const prepared = prepare(graph)
  const target = other ?? targetFor({ relaxed })
  const { plan, kernels } = await planKernels(prepared, target, guardBytes)
  const known = other ? new PhaseCode() : phases
  known.check(plan, kernels, relaxed)
  const { bytes, pages, dataEnd: total } = emitProgram(plan, kernels, { threads, shared: threads > 1, target })
  const executor = await createExecutor({ bytes, pages, threads, place: 'here' })
  try {
    await executor.write(dataStart, new Uint8Array(total - dataStart).fill(pattern))
    const owned = new Uint8Array(total)
    const own = (at: number, count: number) => owned.fill(1, at, at + count)
    const bytesOfValue = (v: Value) => size(v.shape) * bytesOf(v.dtype)
    for (const v of topological(roots(prepared))) {
      if (isConstant(v)) await executor.write(placeOf(plan, v), v.attrs.tensor.data)
      if (!v.op.viewOffset && (plan.steps.includes(v) || isConstant(v) || isInput(v)))
        own(placeOf(plan, v), bytesOfValue(v))
    }
    for (const [v, k] of kernels) if (k.scratchBytes) own(dataStart + plan.scratch(v), k.scratchBytes)
    for (const leaf of inputsOf(prepared).values()) await executor.write(placeOf(plan, leaf), inputs[nameOf(leaf)])
    await executor.run()
    const after = new Uint8Array(total)
    after.set(await executor.read(dataStart, total - dataStart), dataStart)
    let spoiled = 0
    for (let i = dataStart; i < total; i++) if (!owned[i] && after[i] !== pattern) spoiled++
    expect(spoiled, 'guard bytes that were overwritten').toBe(0)
    return Object.fromEntries(
      Object.entries(prepared.outputs).map(([name, v]) => {
        const at = placeOf(plan, v)
        const raw = after.slice(at, at + bytesOfValue(v)).buffer
        return [name, { shape: v.shape, dtype: v.dtype, data: new dtypes[v.dtype].array(raw) }]
      }),
    )
  } finally {
    executor.dispose()
  }
}
