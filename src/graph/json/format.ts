/**
 * A graph as JSON: plain data that names ops and holds no code. `kinglet_graph` is the version. Nodes stand after their
 * inputs, which are numbers of nodes; the first dimension of every input of the graph is the text `N`, the batch. Large
 * constants are not in the JSON but in tensors beside it.
 */
import type { DType } from '../../core/index.ts'
import type { Init, Role } from '../../ops/index.ts'

/** A graph with a larger one comes from a later Kinglet. */
export const graphVersion = 1

export type JsonAttribute = number | boolean | string | readonly number[]

/** What an op's node says. An attribute that is left out has the op's default. */
export interface JsonOp {
  readonly op: string
  /** Numbers of nodes, in the order of the op's inputs. */
  readonly inputs?: readonly number[]
  readonly attrs?: Readonly<Record<string, JsonAttribute>>
  /** The layer that the node belongs to: `blocks.3.expand`. */
  readonly scope?: string
}

/** Given at each run. A scalar has no batch; all others begin with it. */
export interface JsonInput {
  readonly op: 'input'
  readonly attrs: { readonly name: string; readonly dtype: DType; readonly shape: readonly ('N' | number)[] }
  readonly scope?: string
}

export interface JsonParameter {
  readonly op: 'parameter'
  readonly attrs: {
    readonly name: string
    readonly shape: readonly number[]
    readonly role: Role
    readonly init: Init
  }
  readonly scope?: string
}

/** Its values are `data`, or the tensor beside the JSON that `tensor` names. */
export interface JsonConstant {
  readonly op: 'constant'
  readonly attrs: {
    readonly dtype: DType
    readonly shape: readonly number[]
    readonly data?: readonly number[]
    readonly tensor?: string
  }
  readonly scope?: string
}

export type JsonNode = JsonInput | JsonParameter | JsonConstant | JsonOp

export interface GraphJson {
  readonly kinglet_graph: number
  readonly nodes: readonly JsonNode[]
  /** Numbers of nodes, by the outputs' names. */
  readonly outputs: Readonly<Record<string, number>>
}

/** Begins the names of tensors beside the JSON: `constants/0`. */
export const constantPrefix = 'constants/'

/** Bounds of what is read: far above any network, far below what exhausts a machine before it is refused. */
export const limits = {
  nodes: 100_000,
  /** Inputs of a node, entries of an attribute, outputs of a graph. */
  list: 4096,
  rank: 8,
  /** Of any value of the graph, at the batch for which it is read. */
  elements: 2 ** 30,
  /** Characters of a name or a scope. */
  text: 512,
} as const
