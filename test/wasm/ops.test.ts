/** Every op, every sample, on the engine as a whole: lowered, fused, with guard words, at one and two threads, and with fused multiply-adds where the host has them. */
import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../src/core/index.ts'
import type { Graph } from '../../src/graph/index.ts'
import { allOps } from '../../src/ops/all.ts'
import { input, makeValue, type Op } from '../../src/ops/index.ts'
import { hasKernel } from '../../src/wasm/kernels/index.ts'
import { contractOf } from '../../src/wasm/passes/contracts.ts'
import { packedConv2d } from '../../src/wasm/passes/packed-conv.ts'
import { pack, packedMatmul } from '../../src/wasm/passes/packed-matmul.ts'
import { hasRelaxedSimd } from '../../src/wasm/relaxed.ts'
import { difference, makeInputs, runOracle } from '../ops/samples.ts'
import { runGuarded } from './guarded.ts'

/** Sums of up to a few hundred products of numbers near 1, rounded to float32 after each. */
const tolerance = 5e-6

const float32 = (x: Tensor): Tensor => (x.dtype === 'f32' ? { ...x, data: Float32Array.from(x.data) } : x)

const ops: readonly Op[] = [...allOps, pack.op, packedMatmul.op, packedConv2d.op]

describe.each(ops.map((op) => [op.name, op] as const))('%s', (_, op) => {
  it.each(contractOf(op).samples.map((_, i) => i))('sample %i', async (i) => {
    const inputs = makeInputs(op, i)
    const leaves = inputs.map((x, k) => input(`x${k}`, x.shape, x.dtype))
    const y = makeValue(op, leaves, { ...op.attrs, ...contractOf(op).samples[i].attrs })
    const graph: Graph = { outputs: { y }, updates: [] }
    const expected = runOracle(y, inputs).y
    const given = Object.fromEntries(inputs.map((x, k) => [`x${k}`, float32(x).data]))
    for (const relaxed of hasRelaxedSimd() ? [false, true] : [false]) {
      const results = []
      for (const threads of [1, 2]) {
        const got = (await runGuarded(graph, given, { threads, relaxed })).y
        expect(got.shape).toEqual(expected.shape)
        expect(difference(got.data, expected.data), JSON.stringify({ threads, relaxed })).toBeLessThanOrEqual(tolerance)
        results.push(got.data)
      }
      expect(results[1]).toEqual(results[0])
    }
  })
})

it('every primitive has a kernel', () => {
  const without = ops.filter((op) => op.lower === 'native' && !hasKernel(op)).map((op) => op.name)
  expect(without).toEqual([])
})
