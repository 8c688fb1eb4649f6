/**
 * The leaves of graphs: inputs given at each run, parameters that live between runs, and constants. They compute nothing,
 * so they have only declarations.
 */
import type { DType, Shape, Tensor } from '../core/index.ts'
import { sameShape, tensor } from '../core/index.ts'
import { declareOp, makeValue, native, remakeValue, type Value } from './define.ts'

/** How a parameter's initial values are drawn: plain data, so that it can be printed and stored. */
export type Init =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal' | 'truncated_normal'; readonly std: number }
  | { readonly kind: 'uniform'; readonly bound: number }

/** The purpose of a parameter, which decides weight decay and freezing. `state` is never trained (running statistics). */
export type Role = 'weight' | 'depthwise' | 'bias' | 'norm' | 'state'

export interface ParameterAttrs {
  readonly name: string
  readonly shape: Shape
  readonly role: Role
  readonly init: Init
}

const inputOp = declareOp({
  name: 'input',
  inputs: {},
  attrs: { name: '', shape: [] as Shape, dtype: 'f32' as DType },
  shape: (_, { shape, dtype }) => ({ shape, dtype }),
  lower: native,
})

const parameterOp = declareOp({
  name: 'parameter',
  inputs: {},
  attrs: { name: '', shape: [], role: 'weight', init: { kind: 'constant', value: 0 } } as ParameterAttrs,
  shape: (_, { shape }) => shape,
  lower: native,
})

const constantOp = declareOp({
  name: 'constant',
  inputs: {},
  attrs: { tensor: tensor([], [0]) as Tensor },
  shape: (_, { tensor: t }) => ({ shape: t.shape, dtype: t.dtype }),
  lower: native,
})

/** A tensor that the caller gives at each run. */
export const input = (name: string, shape: Shape, dtype: DType = 'f32'): Value => inputOp({}, { name, shape, dtype })

/** A tensor that lives between runs: a weight, or a running statistic (role `state`). */
export const parameter = (attrs: ParameterAttrs): Value => parameterOp({}, attrs)

/** A constant: a tensor, or a number as a scalar. */
export const constant = (value: Tensor | number): Value =>
  constantOp({}, { tensor: typeof value === 'number' ? tensor([], [value]) : value })

export const isInput = (v: Value): boolean => v.op === inputOp.op
export const isParameter = (v: Value): boolean => v.op === parameterOp.op
export const isConstant = (v: Value): boolean => v.op === constantOp.op
/** Whether no step of a run computes the value. */
export const isLeaf = (v: Value): boolean => isInput(v) || isParameter(v) || isConstant(v)

/** The number that a scalar constant holds, else undefined. */
export const scalarOf = (v: Value): number | undefined =>
  isConstant(v) && v.shape.length === 0 ? (v.attrs.tensor as Tensor).data[0] : undefined

const sameSpec = (a: Value, b: Value): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape)

/** The same node over other inputs. Its shape is inferred again if their shapes differ. */
export function withInputs(v: Value, inputs: readonly Value[]): Value {
  if (inputs.every((x, i) => x === v.inputs[i])) return v
  const alike = inputs.length === v.inputs.length && inputs.every((x, i) => sameSpec(x, v.inputs[i]))
  return alike ? remakeValue(v, inputs) : makeValue(v.op, inputs, v.attrs, v.scope)
}
