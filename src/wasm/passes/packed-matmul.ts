/**
 * Matrix products as the engine runs them: the right operand is packed into panels of eight columns, in the order in which
 * the kernel reads it. Packing is an ordinary op of the graph, so frozen weights are packed at compile time (constant
 * folding) and training weights once per step.
 */
import { assert, type Shape, showShape } from '../../core/index.ts'
import { type Graph, mapGraph } from '../../graph/index.ts'
import { completeOp, declareOp, free, matmul, native, no, scope } from '../../ops/index.ts'

/** Columns of a panel: two vectors. */
export const panelColumns = 8
export const panelsOf = (columns: number): number => Math.ceil(columns / panelColumns)

/** b [K, N] (or [N, K] with `trans`) as panels [ceil(N / 8), K, 8], with zeros beyond N. */
export const pack = declareOp({
  name: 'pack',
  inputs: { b: 'KN' },
  attrs: { trans: false },
  shape({ b }, { trans }) {
    const [k, n] = trans ? [b.shape[1], b.shape[0]] : b.shape
    return [panelsOf(n), k, panelColumns]
  },
  fold({ b }, { trans }, y) {
    const [k, n] = trans ? [b.shape[1], b.shape[0]] : b.shape
    const [row, column] = trans ? [1, k] : [n, 1]
    const [given, packed] = [b.data, y.data]
    for (let from = 0, to = 0; from < n; from += panelColumns) {
      const columns = Math.min(panelColumns, n - from)
      for (let i = 0; i < k; i++, to += panelColumns)
        for (let j = 0, at = i * row + from * column; j < columns; j++, at += column) packed[to + j] = given[at]
    }
  },
  lower: native,
})

export const packContract = completeOp(pack, {
  cost: free,
  grad: /* @__PURE__ */ no('packing comes after differentiation'),
  samples: [
    { inputs: { b: [5, 19] } },
    { inputs: { b: [19, 5] }, attrs: { trans: true } },
    { inputs: { b: [8, 16] } },
    { inputs: { b: [24, 16] }, attrs: { trans: true } },
  ],
})

const dimensions = (a: Shape, transA: boolean): readonly [number, number] => (transA ? [a[1], a[0]] : [a[0], a[1]])

/** y [M, N] = a [M, K] (or [K, M] with `transA`) times packed b; N = `columns`. */
export const packedMatmul = declareOp({
  name: 'packed_matmul',
  inputs: { a: 'MK', b: 'PKC' },
  attrs: { columns: 1, transA: false },
  shape({ a, b }, { columns, transA }) {
    const [m, k] = dimensions(a.shape, transA)
    assert(
      b.shape[1] === k && b.shape[0] === panelsOf(columns) && b.shape[2] === panelColumns,
      () =>
        `packed_matmul: a is ${showShape(a.shape)}, b ${showShape(b.shape)}: b must be [${panelsOf(columns)}, ${k}, ${panelColumns}]`,
    )
    return [m, columns]
  },
  lower: native,
  // A product over the rows of both operands is computed as partial sums, which a second phase adds.
  takesEpilogue: ({ transA }) => !transA,
})

export const packedMatmulContract = completeOp(packedMatmul, {
  cost: ({ a }, { columns }) => ({ macs: a[0] * a[1] * columns }),
  reference({ a, b }, { columns, transA }, y) {
    const [m, k] = dimensions(a.shape, transA)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < columns; j++) {
        const panel = Math.floor(j / panelColumns) * k
        let sum = 0
        for (let t = 0; t < k; t++)
          sum += a.data[transA ? t * m + i : i * k + t] * b.data[(panel + t) * panelColumns + (j % panelColumns)]
        y.data[i * columns + j] = sum
      }
    return m * columns * k
  },
  grad: /* @__PURE__ */ no('packing comes after differentiation'),
  samples: [
    { inputs: { a: [7, 5], b: [3, 5, 8] }, attrs: { columns: 19 } },
    { inputs: { a: [13, 16], b: [2, 16, 8] }, attrs: { columns: 16 } },
    { inputs: { a: [1, 33], b: [2, 33, 8] }, attrs: { columns: 10 } },
    { inputs: { a: [300, 24], b: [1, 24, 8] }, attrs: { columns: 4 } },
    { inputs: { a: [50, 6], b: [2, 50, 8] }, attrs: { columns: 13, transA: true } },
  ],
})

/**
 * Packs the right operand of products whose left operand is read by rows. A product over the rows of both operands (a
 * weight gradient) reads both unpacked.
 */
export const packMatmuls = (graph: Graph): Graph =>
  mapGraph(graph, (v) => {
    if (v.op !== matmul.op) return v
    const { transA, transB } = v.attrs
    if (transA && !transB) return v
    const [a, b] = v.inputs
    return scope(v.scope, () => packedMatmul({ a, b: pack({ b }, { trans: transB }) }, { columns: v.shape[1], transA }))
  })
