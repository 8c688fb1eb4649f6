/**
 * Elementwise expressions as SIMD code: each primitive of `ops` has its lanes here, for four elements at a time. A tail of
 * fewer than four runs the same lanes on one element at a time (loaded into lane 0), so the bits of an element do not
 * depend on its place.
 *
 * exp: Cody-Waite reduction by ln 2 and a polynomial of degree 6 on [-ln2/2, ln2/2] (relative error below 2e-7);
 * log: reduction to [sqrt(1/2), sqrt(2)) and atanh series (absolute error below 2e-7 near 1, relative elsewhere).
 */
import { KingletError, type Tensor } from '../../core/index.ts'
import { topological } from '../../graph/index.ts'
import { bodyOf, fusedOp, signature } from '../../graph/passes/index.ts'
import { isConstant, type Value } from '../../ops/index.ts'
import { type Expr, type FunctionBuilder, f32x4, i32x4, v128 } from '../assembler/index.ts'

export type Vector = Expr<'v128'>

export const splat = (x: number): Vector => v128.constF32(x, x, x, x)
const ones = splat(1)
const fma = (a: Vector, b: Vector, c: Vector): Vector => f32x4.add(f32x4.mul(a, b), c)
const horner = (x: Vector, coefficients: readonly number[]): Vector =>
  coefficients.slice(1).reduce((sum, c) => fma(sum, x, splat(c)), splat(coefficients[0]))

function expLanes(f: FunctionBuilder, a: Vector): Vector {
  // pmax and pmin in this order keep NaN.
  const x = f.let(f32x4.pmin(f32x4.pmax(a, splat(-87.33)), splat(88.37)))
  const n = f.let(f32x4.nearest(f32x4.mul(x, splat(Math.LOG2E))))
  const r = f.let(fma(n, splat(2.1219444e-4), fma(n, splat(-0.693359375), x)))
  const p = horner(r, [1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5, 1, 1])
  const power = i32x4.shl(i32x4.add(i32x4.truncSatF32x4S(n), i32x4.splat(127)), 23)
  const y = f32x4.mul(p, power)
  // Below the smallest normal power the result is 0. A NaN fails the comparison and is kept.
  return v128.andnot(y, f32x4.lt(a, splat(-87.33)))
}

function logLanes(f: FunctionBuilder, a: Vector): Vector {
  const x = f.let(a)
  const shifted = f.let(i32x4.sub(x, i32x4.splat(0x3f3504f3)))
  const e = f.let(i32x4.shrS(shifted, 23))
  const m = f.let(f32x4.sub(i32x4.sub(x, i32x4.shl(e, 23)), ones))
  const s = f.let(f32x4.div(m, f32x4.add(m, splat(2))))
  const s2 = f.let(f32x4.mul(s, s))
  const series = horner(s2, [2 / 9, 2 / 7, 2 / 5, 2 / 3])
  // log(1 + m) = 2 atanh(s) = 2 s + s^3 (2/3 + ...), and 2 s = m - s m.
  const small = f32x4.sub(m, f32x4.mul(s, f32x4.sub(m, f32x4.mul(s2, series))))
  const finite = f.let(fma(f32x4.convertI32x4S(e), splat(Math.LN2), small))
  const infinite = f32x4.eq(x, splat(Number.POSITIVE_INFINITY))
  const atZero = v128.bitselect(splat(Number.NEGATIVE_INFINITY), finite, f32x4.eq(x, splat(0)))
  const belowZero = v128.bitselect(splat(Number.NaN), atZero, v128.not(f32x4.ge(x, splat(0))))
  return v128.bitselect(x, belowZero, infinite)
}

type Lanes = (f: FunctionBuilder, ...x: Vector[]) => Vector

/** Every elementwise primitive. */
export const lanes: Readonly<Record<string, Lanes>> = {
  add: (_, a, b) => f32x4.add(a, b),
  sub: (_, a, b) => f32x4.sub(a, b),
  mul: (_, a, b) => f32x4.mul(a, b),
  div: (_, a, b) => f32x4.div(a, b),
  maximum: (_, a, b) => f32x4.pmax(a, b),
  minimum: (_, a, b) => f32x4.pmin(a, b),
  greater: (_, a, b) => v128.and(f32x4.gt(a, b), ones),
  where: (_, c, a, b) => v128.bitselect(a, b, f32x4.ne(c, splat(0))),
  neg: (_, x) => f32x4.neg(x),
  abs: (_, x) => f32x4.abs(x),
  sqrt: (_, x) => f32x4.sqrt(x),
  exp: expLanes,
  log: logLanes,
  broadcast_to: (_, x) => x,
}

const counted = new WeakMap<Value, ReadonlyMap<Value, number>>()

/** How many times each value is read; being a root counts as a read. Cached per single root: a tile emits it many times. */
function usesIn(roots: readonly Value[]): ReadonlyMap<Value, number> {
  const before = roots.length === 1 ? counted.get(roots[0]) : undefined
  if (before) return before
  const uses = new Map<Value, number>()
  for (const v of topological(roots)) for (const x of v.inputs) uses.set(x, (uses.get(x) ?? 0) + 1)
  for (const v of roots) uses.set(v, (uses.get(v) ?? 0) + 1)
  if (roots.length === 1) counted.set(roots[0], uses)
  return uses
}

/** Emits the expression that ends in `root`. `leaf` gives the values of its operands. Constants become immediates. */
export function emitExpression(f: FunctionBuilder, root: Value, leaf: (v: Value) => Vector | undefined): Vector {
  return emitExpressions(f, [root], leaf)[0]
}

/** Emits several roots. What they share is computed once. */
export function emitExpressions(
  f: FunctionBuilder,
  roots: readonly Value[],
  leaf: (v: Value) => Vector | undefined,
): Vector[] {
  const uses = usesIn(roots)
  const known = new Map<Value, Vector>()
  const emit = (v: Value): Vector => {
    const before = known.get(v)
    if (before) return before
    if (isConstant(v)) return splat((v.attrs.tensor as Tensor).data[0])
    let code = leaf(v)
    if (!code) {
      const rule = lanes[v.op.name]
      if (!rule) throw new KingletError(`${v.op.name}: it has no SIMD lanes: give it a lowering to primitives`)
      code = rule(f, ...v.inputs.map(emit))
    }
    const value = uses.get(v)! > 1 ? f.let(code) : code
    known.set(v, value)
    return value
  }
  return roots.map(emit)
}

/** Text that is equal for expressions with the same code: ops, attributes, shapes, and the place of each operand. */
export function expressionKey(roots: readonly Value[], placeholders: readonly Value[]): string {
  const numbers = new Map(placeholders.map((p, i) => [p, `#${i}[${p.shape}]`]))
  const parts: string[] = []
  // Stop at the placeholders: behind those of a single node is the rest of the graph.
  const visit = (v: Value): void => {
    if (numbers.has(v)) return
    v.inputs.forEach(visit)
    numbers.set(v, `v${numbers.size}`)
    parts.push(`${signature(v)}(${v.inputs.map((x) => numbers.get(x))})[${v.shape}]`)
  }
  roots.forEach(visit)
  return `${parts.join(';')}=>${roots.map((r) => numbers.get(r))}`
}

/** The body that a node's kernel computes: the body of a fused node, or the single node as a body. */
export function contentOf(v: Value): {
  roots: readonly Value[]
  placeholders: readonly Value[]
  anchor: Value | undefined
} {
  return v.op === fusedOp ? bodyOf(v) : { roots: [v], placeholders: v.inputs, anchor: undefined }
}
