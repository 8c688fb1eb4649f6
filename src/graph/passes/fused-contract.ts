/** The contract of the `fused` op, derived from the contracts of the ops in its body. Tests and profiles read it. */
import { size, type Tensor } from '../../core/index.ts'
import { type Contract, type ContractOf, completeOp, macsOf, no } from '../../ops/index.ts'
import { evaluate } from '../evaluate.ts'
import { topological } from '../graph.ts'
import { fused } from './fused.ts'

/** Makes the contract. `contractOf` finds the contracts of the ops in bodies. */
export const fusedContract = (contractOf: ContractOf): Contract =>
  completeOp(fused, {
    cost: (_, { body }) => ({ macs: topological(body.roots).reduce((n, v) => n + macsOf(v, contractOf), 0) }),
    reference(inputs, { body }, y) {
      const given = new Map(body.placeholders.map((p, i) => [p, inputs[i]]))
      // Placeholders have the shapes of the values they stand for, so the tensors fit.
      const parts = evaluate(body.roots, (v) => given.get(v) as Tensor, contractOf)
      for (const [i, part] of parts.entries()) y.data.set(part.data, i * size(part.shape))
    },
    grad: no('fusion comes after differentiation'),
    samples: [],
  })
