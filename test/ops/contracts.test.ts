/** One suite over all ops and samples: shape, cost and lowering of a contract agree with its oracle. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { size } from '../../src/core/index.ts'
import { topological } from '../../src/graph/index.ts'
import {
  activations,
  allOps,
  contractOf,
  input,
  isRefusal,
  macsOf,
  makeValue,
  native,
  type Op,
} from '../../src/ops/index.ts'
import * as published from '../../src/ops.ts'
import { root, textOf } from '../support/sources.ts'
import { difference, doubles, evaluateInDouble, lowerAll, makeInputs, runOracle } from './samples.ts'

const nodeOf = (op: Op, index: number) => {
  const tensors = makeInputs(op, index)
  const leaves = tensors.map((t, i) => input(`x${i}`, t.shape, t.dtype))
  return { tensors, leaves, y: makeValue(op, leaves, contractOf(op).samples[index].attrs) }
}

const cases = allOps.flatMap((op) => contractOf(op).samples.map((_, index) => [op.name, index, op] as const))

/** These ops put values among zeros, and rely on a zeroed y. */
const leavesZeros = ['im2col', 'zero_pad']

describe.each(cases)('%s, sample %i', (name, index, op) => {
  const { tensors, leaves, y } = nodeOf(op, index)

  it('its oracle writes every element of the shape that it infers, and no other', () => {
    const guard = -12345
    const data = new Float64Array(size(y.shape) + 16).fill(guard)
    data.fill(leavesZeros.includes(name) ? 0 : Number.NaN, 0, size(y.shape))
    contractOf(op).reference(tensors, y.attrs, doubles(y.shape, data, y.dtype))
    expect(data.subarray(0, size(y.shape)).filter(Number.isNaN)).toHaveLength(0)
    expect(data.subarray(size(y.shape)).filter((v) => v !== guard)).toHaveLength(0)
  })

  it('its cost is the number of multiply-adds of its oracle', () => {
    const { macs } = runOracle(y, tensors)
    expect(macsOf(y)).toBe(macs)
  })

  if (op.lower === native) return
  it('its lowering gives the result of its oracle', () => {
    const lowered = lowerAll({ outputs: { y }, updates: [] }).outputs.y
    expect(topological([lowered]).filter((v) => v.op.lower !== native)).toEqual([])
    expect(lowered.shape).toEqual(y.shape)
    const known = new Map(leaves.map((leaf, i) => [leaf, tensors[i]]))
    const [got] = evaluateInDouble([lowered], known)
    // Constants of graphs are float32: 1/6 is right to 3e-8.
    expect(difference(got, runOracle(y, tensors).y.data)).toBeLessThan(1e-6)
  })
})

describe('the table of all ops', () => {
  it('has every op that a file of src/ops exports, each with a unique name', async () => {
    const files = readdirSync(`${root}/src/ops`).filter(
      (f) => f.endsWith('.ts') && !['index.ts', 'list.ts'].includes(f),
    )
    const modules = await Promise.all(files.map((f) => import(/* @vite-ignore */ `${root}/src/ops/${f}`)))
    const made = modules.flatMap((m) => Object.values(m) as unknown[]).filter((f) => typeof f === 'function')
    const exported = made.flatMap((f) => ('op' in f ? [f.op as Op] : []))
    expect(exported.map((op) => op.name).sort()).toEqual(allOps.map((op) => op.name).sort())
    expect(new Set(allOps.map((op) => op.name)).size).toBe(allOps.length)
  })

  it('has the ops that the package exports, and no others', () => {
    const made = Object.values(published).filter((f) => typeof f === 'function' && 'op' in f) as { op: Op }[]
    expect([...new Set(made.map(({ op }) => op.name))].sort()).toEqual(allOps.map((op) => op.name).sort())
  })

  it('has samples for each op, one of them with a width that is not a multiple of four', () => {
    const lastAxes = (op: Op) =>
      contractOf(op).samples.flatMap((_, i) => makeInputs(op, i).map((t) => t.shape.at(-1) ?? 1))
    expect(allOps.filter((op) => !lastAxes(op).some((c) => c % 4 !== 0)).map((op) => op.name)).toEqual([])
  })

  it('has the activations of networks under the names of their ops', () => {
    expect(Object.keys(activations)).toEqual(Object.values(activations).map(({ op }) => op.name))
  })

  it('gives a reason for every refusal', () => {
    const refusals = allOps.flatMap((op) => {
      const { grad } = contractOf(op)
      return isRefusal(grad) ? [[op.name, grad.refused]] : []
    })
    expect(Object.fromEntries(refusals)).toEqual({
      im2col: 'it is made by lowering, after differentiation',
      flip_transpose: 'it is made by lowering, after differentiation',
      max_pool_dx: 'second derivatives of pooling are not built: they would need the places of the largest as a value',
    })
  })

  it('has as primitives the ops that docs/ops.md lists', () => {
    const list = textOf('docs/ops.md').split('## What engines implement')[1].trim().split('\n\n')[0]
    const listed = [...list.matchAll(/`([^`]+)`/g)].flatMap(([, names]) => names.split(/\s+/))
    expect(listed.sort()).toEqual(
      allOps
        .filter((op) => op.lower === native)
        .map((op) => op.name)
        .sort(),
    )
  })
})
