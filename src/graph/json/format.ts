/**
 * A graph as JSON: plain data that names ops and contains no code. `kinglet_graph` is the version. Each node follows its
 * inputs, which are given as node indices. The first dimension of every graph input is the text `N`, the batch. Large
 * constants are stored as tensors beside the JSON.
 */
import type { DType } from '../../core/index.ts'
import type { Init, Role } from '../../ops/index.ts'

/** The version that this code writes. A graph with a higher one was written by a later Kinglet. */
export const graphVersion = 1

export type JsonAttribute = number | boolean | string | readonly number[]

/** A node of an op. An omitted attribute has the op's default. */
export interface JsonOp {
  readonly op: string
  /** Node indices, in the order of the op's inputs. */
  readonly inputs?: readonly number[]
  readonly attrs?: Readonly<Record<string, JsonAttribute>>
  /** The node's layer: `blocks.3.expand`. */
  readonly scope?: string
}

/** An input of the graph. Its first dimension is the batch; a scalar has none. */
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

/** A constant. Its values are `data`, or the tensor beside the JSON with the name `tensor`. */
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
  /** Node index of each output, by name. */
  readonly outputs: Readonly<Record<string, number>>
}

/** Prefix for the names of tensors beside the JSON: `constants/0`. */
export const constantPrefix = 'constants/'

/**
 * Upper bounds of a graph in a file, checked when it is written and when it is read. No network of the registry comes near
 * them. They keep a file of unknown origin from taking unlimited time, stack or memory; a graph within them can still
 * need more memory than a machine has.
 */
export const limits = {
  /** All passes take a chain of this many nodes. Some take time that grows with the square of the number. */
  nodes: 10_000,
  /** Inputs of a node, elements of an attribute, outputs of a graph. */
  list: 4096,
  rank: 8,
  /**
   * Elements of any value of the graph, at the batch for which it is read. As float32 they fill the 4 GiB that WebAssembly
   * can address. Reading a graph allocates none of them.
   */
  elements: 2 ** 30,
  /** Characters of a name or a scope. */
  text: 512,
} as const
