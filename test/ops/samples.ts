/** The samples of ops as tensors, and graphs evaluated in double precision, for the suites over all ops. */
import { type DType, key, keyOf, Rng, type Shape, size, type Tensor, type TypedArrayOf } from '../../src/core/index.ts'
import { type Graph, topological } from '../../src/graph/index.ts'
import { lower } from '../../src/graph/passes/index.ts'
import { isConstant, native, type Op, type Value } from '../../src/ops/index.ts'
import { contractOf } from '../../src/wasm/passes/contracts.ts'

/** Distance from kinks: more than any step of a difference quotient, less than the ranges of samples. */
const clearance = 0.05

const isTensor = (x: Shape | Tensor): x is Tensor => 'data' in x

/** Oracles do not depend on the element size, so with float64 storage they do not round to float32. */
export const doubles = (shape: Shape, data: Float64Array, dtype: DType = 'f32'): Tensor => ({
  shape,
  dtype,
  data: data as unknown as TypedArrayOf,
})

/** The inputs of one sample of an op, drawn from its range: float32 values (in float64 storage) that never change. */
export function makeInputs(op: Op, index: number): Tensor[] {
  const { inputs, range, kinks } = contractOf(op).samples[index]
  return inputs.map((x, i) => {
    if (isTensor(x)) return x
    const rng = new Rng(key(keyOf(op.name), index, i))
    return doubles(
      x,
      Float64Array.from({ length: size(x) }, () => {
        const value = rng.between(...range)
        const kink = kinks.find((k) => Math.abs(value - k) < clearance)
        return Math.fround(kink === undefined ? value : kink + (value < kink ? -clearance : clearance))
      }),
    )
  })
}

/** Runs the oracle of one node in double precision. */
export function runOracle(v: Value, inputs: readonly Tensor[]): { y: Tensor; macs: number } {
  const y = doubles(v.shape, new Float64Array(size(v.shape)), v.dtype)
  return { y, macs: contractOf(v.op).reference(inputs, v.attrs, y) ?? 0 }
}

/** Computes values by the oracles, in double precision, from the tensors given for leaves. */
export function evaluateInDouble(values: readonly Value[], leaves: ReadonlyMap<Value, Tensor>): Float64Array[] {
  const known = new Map(leaves)
  for (const v of topological(values)) {
    if (known.has(v)) continue
    const inputs = v.inputs.map((x) => known.get(x)!)
    known.set(v, isConstant(v) ? v.attrs.tensor : runOracle(v, inputs).y)
  }
  return values.map((v) => Float64Array.from(known.get(v)!.data))
}

/** The graph in primitives alone. */
export const lowerAll = (graph: Graph): Graph => lower(graph, (op) => op.lower === native)

/** The largest difference, relative to 1 or to the largest expected value. */
export function difference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY
  let [worst, scale] = [0, 1]
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]))
    // Written so that NaN counts as the largest difference.
    const d = Math.abs(got[i] - expected[i])
    if (!(d <= worst)) worst = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d
  }
  return worst / scale
}
