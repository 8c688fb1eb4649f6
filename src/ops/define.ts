/**
 * The op contract, and the half of it that running needs. An op has a declaration (name, inputs, attributes, shape rule,
 * lowering: `declareOp`) and a completion (cost, plain-loop reference, gradient, test samples: `completeOp` in
 * contract.ts). They are two values, so that a page that only runs networks loads only declarations. Every slot is
 * required: code that omits one does not compile. A refusal is explicit and gives a reason.
 *
 * Calling an op makes a {@link Value}, a node of the graph. Nothing is computed until an engine runs it.
 */
import type { DType, Shape, Tensor } from '../core/index.ts'
import { assert, assertShape, KingletError, oneOf, showShape } from '../core/index.ts'
import type { AxisRule } from './axes.ts'

/** Shape and dtype of a tensor, known before it is computed. */
export interface Spec {
  readonly shape: Shape
  readonly dtype: DType
}

// biome-ignore lint/suspicious/noExplicitAny: attributes of an op whose type is not known here
export type Attrs = any

/** A node of the graph: the result of one op. `id` grows with creation, so inputs have smaller ids. */
export interface Value extends Spec {
  readonly id: number
  readonly op: Op
  readonly inputs: readonly Value[]
  readonly attrs: Attrs
  /** The layer that made it (`blocks.3.expand`), for tables and exports. */
  readonly scope: string
}

/**
 * Layouts of inputs by name (`NHWC`, `HWIO`, `C`, empty for a scalar; `*` is any rank), or any number of inputs. They are
 * f32, unless the layout starts with another dtype and a colon: `i32:`, `any:*`.
 */
export type Inputs = Readonly<Record<string, string>> | 'variadic'
export type Named<I extends Inputs, T> = I extends 'variadic' ? readonly T[] : { readonly [K in keyof I]: T }

/** The result of a gradient rule. Rules that call their own op must name this type, which cannot be inferred there. */
export type Gradients<K extends string> = Partial<Record<K, Value>>

export interface Cost {
  /** Multiply-adds: convolutions and matrix products only (docs/architecture.md, counting). */
  readonly macs: number
}

/** The kind of layer in tables. `pointwise` is 1x1, `conv` is wider; both read all channels of a group. */
export interface LayerForm {
  readonly kind: 'conv' | 'pointwise' | 'depthwise' | 'linear'
  readonly kernel?: readonly [number, number]
  readonly stride?: number
  readonly groups?: number
}

/** Says explicitly that an op does not support something, with the reason. */
export interface Refusal {
  readonly refused: string
}

/** The op is a primitive: every engine has a kernel for it. */
export const native = 'native'

/** What a node may use to build its training form. */
export interface Training {
  /** The node's layer, for errors. */
  readonly layer: string
  /** Whether this parameter is frozen. */
  isFrozen(parameter: Value): boolean
  /** A source of random numbers for this node: `seed` changes with each step. Throws if there is none. */
  random(): { readonly seed: Value; readonly stream: number }
}

/** A node's training form: its result, and new values of parameters. */
export interface Trained {
  readonly y: Value
  readonly updates: readonly { readonly target: Value; readonly value: Value }[]
}

/** A test case: shapes (or whole tensors) of the inputs, and attributes. */
export interface Sample<I extends Inputs, A> {
  readonly inputs: Named<I, Shape | Tensor>
  readonly attrs?: Partial<A>
  /** Values are drawn from this range (default -1 to 1), at a distance from the given kinks. */
  readonly range?: readonly [number, number]
  readonly kinks?: readonly number[]
}

/** Computes into `y` (zeroed) with plain loops. Returns the number of multiply-adds, if the op has any. */
// biome-ignore lint/suspicious/noConfusingVoidType: an oracle without multiply-adds returns nothing
export type Oracle<X, A> = (x: X, attrs: A, y: Tensor) => number | void

/** The slots that running an op needs. */
export interface OpDeclaration<I extends Inputs, A extends object, Name extends string = string> {
  readonly name: Name
  readonly inputs: I
  /** Default of every attribute. */
  readonly attrs: A
  /** The result's shape (or its spec, if it is not f32). Pure. Throws with the op, the values and the way out. */
  shape(x: Named<I, Spec>, attrs: A): Shape | Spec
  /** The same result in more primitive ops, for engines that have no kernel for this op; or `native`. */
  readonly lower: ((x: Named<I, Value>, attrs: A) => Value) | typeof native
  /** Each element of y depends only on the elements of the inputs at the same (broadcast) place. */
  readonly isElementwise?: boolean
  /**
   * Cost of one element of an elementwise op, in additions; default 1. Fusion stores results that are expensive to
   * compute again.
   */
  readonly work?: number
  /** Name of the input w in which y is linear, so that scaling the last axis of w scales the last axis of y. */
  readonly linearIn?: keyof I & string
  /** y = (first input) * scale + shift, per channel of the last axis. */
  readonly affine?: (x: Named<I, Value>, attrs: A) => { readonly scale: Value; readonly shift: Value }
  /**
   * A kernel can apply an elementwise expression to y when it stores y, which saves a pass over memory: each element is
   * finished in one place, and computing it takes longer than the expression.
   */
  readonly takesEpilogue?: (attrs: A) => boolean
  /** Set if y is a view: it starts at this element of the input's memory (reshape, a slice of the first axis). */
  readonly viewOffset?: (x: Named<I, Spec>, attrs: A) => number
  /** y is x: the node only matters for its training form. */
  readonly isIdentity?: boolean
  /**
   * The oracle, if engines compute constants with it when they load a network; the completion then has none. If an op has
   * no `fold`, its kernel computes nodes of constants, in each run.
   */
  readonly fold?: Oracle<Named<I, Tensor>, A> | undefined
}

/** The slots that training, counting, the reference engine and tests also need. */
export interface OpCompletion<I extends Inputs, A extends object> {
  cost(x: Named<I, Shape>, attrs: A, y: Shape): Cost
  /** The oracle. */
  readonly reference: Oracle<Named<I, Tensor>, A>
  /** Gradients of the inputs from the gradient of the result, built of ops. Omitted inputs have no gradient. */
  readonly grad: ((x: Named<I, Value>, attrs: A, dy: Value, y: Value) => Partial<Named<I, Value>>) | Refusal
  /** The node's training form; if undefined, the node itself. */
  readonly training?: (x: Named<I, Value>, attrs: A, training: Training) => Trained | undefined
  /** The layer that it makes, for ops whose multiply-adds count in a network's cost. */
  readonly layer?: (x: Named<I, Spec>, attrs: A) => LayerForm
  /** Axes that run over the same entries. If it is omitted, no entry of any axis can be removed. */
  readonly axes?: AxisRule<A>
  /** y is the product of its inputs: if one is computed from the other, it is a gate on it. */
  readonly isProduct?: boolean
  readonly samples: readonly Sample<I, A>[]
}

/** A declared op without its types, as graphs, passes and engines use it. */
export interface Op {
  readonly name: string
  readonly inputs: Inputs
  readonly attrs: Attrs
  readonly isElementwise: boolean
  readonly work: number
  shape(inputs: readonly Spec[], attrs: Attrs): Spec
  readonly lower: ((inputs: readonly Value[], attrs: Attrs) => Value) | typeof native
  /** Index of the input named by `linearIn`. */
  readonly linearIn: number | undefined
  readonly affine:
    | ((inputs: readonly Value[], attrs: Attrs) => { readonly scale: Value; readonly shift: Value })
    | undefined
  readonly takesEpilogue: (attrs: Attrs) => boolean
  readonly viewOffset: ((inputs: readonly Spec[], attrs: Attrs) => number) | undefined
  readonly isIdentity: boolean
  readonly fold: Oracle<readonly Tensor[], Attrs> | undefined
  /** The whole contract of an op that `defineOp` made; other contracts are in a table (`contractOf`). */
  readonly contract?: Contract
}

/** The completion of an op without its types, as autodiff, counting, the reference engine and test suites use it. */
export interface Contract<Name extends string = string> {
  readonly op: Op & { readonly name: Name }
  cost(inputs: readonly Shape[], attrs: Attrs, y: Shape): Cost
  readonly reference: Oracle<readonly Tensor[], Attrs>
  /** One gradient, or undefined, for each input. */
  readonly grad: ((inputs: readonly Value[], attrs: Attrs, dy: Value, y: Value) => (Value | undefined)[]) | Refusal
  readonly training: ((inputs: readonly Value[], attrs: Attrs, training: Training) => Trained | undefined) | undefined
  readonly layer: ((inputs: readonly Spec[], attrs: Attrs) => LayerForm) | undefined
  readonly axes: AxisRule<Attrs> | undefined
  readonly isProduct: boolean
  readonly samples: readonly {
    inputs: readonly (Shape | Tensor)[]
    attrs: Attrs
    range: readonly [number, number]
    kinks: readonly number[]
  }[]
}

/** Finds the contract of an op; throws if it is not known. */
export type ContractOf = (op: Op) => Contract

/** An op whose declaration has the oracle. */
export interface FoldingOp extends Op {
  readonly fold: Oracle<readonly Tensor[], Attrs>
}

/** The callable form of an op: inputs by name, then attributes. */
export interface OpFunction<I extends Inputs, A, Name extends string = string, O extends Op = Op> {
  (inputs: Named<I, Value>, attrs?: Partial<A>): Value
  readonly op: O & { readonly name: Name }
}

let nextId = 0
let currentScope = ''

/** Runs `body`. Values created in it have `name` (joined by dots with outer scopes) as their layer. */
export function scope<T>(name: string, body: () => T): T {
  const outer = currentScope
  currentScope = outer ? `${outer}.${name}` : name
  try {
    return body()
  } finally {
    currentScope = outer
  }
}

/** Makes a node. Ops do this when they are called; passes use it to rebuild a node over other inputs. */
export function makeValue(op: Op, inputs: readonly Value[], attrs: Attrs, scopeName = currentScope): Value {
  checkInputs(op, inputs)
  const { shape, dtype } = op.shape(inputs, attrs)
  assertShape(shape, op.name)
  return { id: nextId++, op, inputs, attrs, shape, dtype, scope: scopeName }
}

/** Rebuilds `v` over inputs of the same shapes and types, so nothing is checked again. */
export const remakeValue = (v: Value, inputs: readonly Value[]): Value => ({ ...v, id: nextId++, inputs })

interface Layout {
  readonly name: string
  readonly dtype: string
  readonly layout: string
}
const known = new WeakMap<object, readonly Layout[]>()

/** The requirements on an op's inputs, parsed once. */
function layoutsOf(inputs: Readonly<Record<string, string>>): readonly Layout[] {
  const before = known.get(inputs)
  if (before) return before
  const layouts = Object.entries(inputs).map(([name, text]) => {
    const [dtype, layout] = text.includes(':') ? text.split(':') : ['f32', text]
    return { name, dtype, layout }
  })
  known.set(inputs, layouts)
  return layouts
}

function checkInputs(op: Op, inputs: readonly Spec[]): void {
  if (op.inputs === 'variadic') return
  const layouts = layoutsOf(op.inputs)
  for (let i = 0; i < layouts.length; i++) {
    const { name, dtype, layout } = layouts[i]
    assert(inputs[i], () => `${op.name}: input ${name} is missing: it takes ${oneOf(Object.keys(op.inputs))}`)
    assert(
      dtype === 'any' || inputs[i].dtype === dtype,
      () => `${op.name}: ${name} is ${inputs[i].dtype}: it must be ${dtype}`,
    )
    assert(
      layout === '*' || inputs[i].shape.length === layout.length,
      () =>
        `${op.name}: ${name} has shape ${showShape(inputs[i].shape)}, rank ${inputs[i].shape.length}: ` +
        `it must be ${layout ? `[${layout.split('').join(', ')}], rank ${layout.length}` : 'a scalar, rank 0'}`,
    )
  }
}

/** Whether a kernel of this node can apply an expression to its result. */
export const takesEpilogue = (v: Value): boolean => v.op.takesEpilogue(v.attrs)

/** Lists by the names of inputs, and back. */
export function naming<I extends Inputs>(inputs: I) {
  const names = inputs === 'variadic' ? undefined : Object.keys(inputs)
  return {
    names,
    named<T>(list: readonly T[]): Named<I, T> {
      if (!names) return list as Named<I, T>
      const x: Record<string, T> = {}
      for (let i = 0; i < names.length; i++) x[names[i]] = list[i]
      return x as Named<I, T>
    },
    listed: <T>(x: object): T[] => (names ? names.map((n) => (x as Record<string, T>)[n]) : [...(x as Iterable<T>)]),
  }
}

/** Turns a declaration into the function that makes the op's nodes. Registers nothing. */
export function declareOp<const I extends Inputs, A extends object, const Name extends string>(
  declaration: OpDeclaration<I, A, Name> & { readonly fold: Oracle<Named<I, Tensor>, A> },
): OpFunction<I, A, Name, FoldingOp>
export function declareOp<const I extends Inputs, A extends object, const Name extends string>(
  declaration: OpDeclaration<I, A, Name> & { readonly fold?: undefined },
): OpFunction<I, A, Name>
/* @__NO_SIDE_EFFECTS__ */
export function declareOp<I extends Inputs, A extends object, Name extends string>(
  declaration: OpDeclaration<I, A, Name>,
): OpFunction<I, A, Name> {
  const { name, inputs, attrs: defaults, lower, affine, linearIn, viewOffset, fold } = declaration
  const { names, named, listed } = naming(inputs)
  const op: Op & { readonly name: Name } = {
    name,
    inputs,
    attrs: defaults,
    isElementwise: declaration.isElementwise ?? false,
    work: declaration.work ?? 1,
    shape(list, attrs) {
      const y = declaration.shape(named(list), attrs)
      return 'shape' in y ? y : { shape: y, dtype: 'f32' }
    },
    lower: lower === native ? native : (list, attrs) => lower(named(list), attrs),
    linearIn: linearIn && names ? names.indexOf(linearIn) : undefined,
    affine: affine && ((list, attrs) => affine(named(list), attrs)),
    takesEpilogue: declaration.takesEpilogue ?? (() => false),
    viewOffset: viewOffset && ((list, attrs) => viewOffset(named(list), attrs)),
    isIdentity: declaration.isIdentity ?? false,
    fold: fold && ((list, attrs, y) => fold(named(list), attrs, y)),
  }
  const make = (x: Named<I, Value>, attrs?: Partial<A>): Value => {
    if (names)
      for (const given of Object.keys(x))
        if (!names.includes(given)) throw new KingletError(`${name}: no input ${given}: it takes ${oneOf(names)}`)
    return makeValue(op, listed(x), { ...defaults, ...attrs })
  }
  return Object.assign(make, { op })
}
