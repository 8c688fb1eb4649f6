/** Computes values of a graph with the oracles of its ops (plain loops). The reference engine and fused bodies use it. */
import { arrayOf, size, type Tensor } from '../core/index.ts'
import { type ContractOf, isConstant, isInput, isParameter, contractOf as known, type Value } from '../ops/index.ts'
import { topological } from './graph.ts'

/** Runs the oracle of one node over given inputs. */
function evaluateNode(v: Value, inputs: readonly Tensor[], contractOf: ContractOf): Tensor {
  const y: Tensor = { shape: v.shape, dtype: v.dtype, data: arrayOf(v.dtype, size(v.shape)) }
  contractOf(v.op).reference(inputs, v.attrs, y)
  return y
}

/** Computes `values` from the tensors of inputs and parameters. Frees each intermediate result after its last reader. */
export function evaluate(
  values: readonly Value[],
  leaf: (v: Value) => Tensor,
  contractOf: ContractOf = known,
): Tensor[] {
  const order = topological(values)
  const last = new Map<Value, number>()
  for (const [i, v] of order.entries()) for (const x of v.inputs) last.set(x, i)
  for (const v of values) last.set(v, order.length)
  const tensors = new Map<Value, Tensor>()
  for (const [i, v] of order.entries()) {
    const inputs = v.inputs.map((x) => tensors.get(x)!)
    tensors.set(
      v,
      isInput(v) || isParameter(v) ? leaf(v) : isConstant(v) ? v.attrs.tensor : evaluateNode(v, inputs, contractOf),
    )
    for (const x of v.inputs) if (last.get(x) === i) tensors.delete(x)
  }
  return values.map((v) => tensors.get(v)!)
}
