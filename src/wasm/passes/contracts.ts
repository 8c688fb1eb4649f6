/** The contracts of all ops in a prepared graph: those of the package, and those that passes insert. */
import { fusedContract } from '../../graph/passes/index.ts'
import { allContracts, type ContractOf, contractsAmong } from '../../ops/index.ts'
import { packedConv2dContract } from './packed-conv.ts'
import { packContract, packedMatmulContract } from './packed-matmul.ts'

export const contractOf: ContractOf = contractsAmong([
  ...allContracts,
  ...[packContract, packedMatmulContract, packedConv2dContract],
  fusedContract((op) => contractOf(op)),
])
