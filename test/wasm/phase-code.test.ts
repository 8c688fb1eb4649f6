/** Phases with equal keys emit equal code in every network of the registry, in inference and in training. */
import { describe, expect, test } from 'vitest'
import type { Graph } from '../../src/graph/index.ts'
import { foldBatchNorm, freeze } from '../../src/graph/passes/index.ts'
import { build, models } from '../../src/models/index.ts'
import { add, input, type Value } from '../../src/ops/index.ts'
import { trainingStep } from '../../src/train/step.ts'
import type { Kernel } from '../../src/wasm/kernels/kernel.ts'
import { planKernels, prepare } from '../../src/wasm/prepare.ts'
import { targetFor } from '../../src/wasm/target.ts'
import { PhaseCode } from '../support/phase-code.ts'

/** For all networks together. */
const phases = new PhaseCode()

const checkGraph = async (graph: Graph): Promise<void> => {
  const prepared = prepare(graph)
  const { plan, kernels } = await planKernels(prepared, targetFor({ relaxed: false }))
  phases.check(plan, kernels)
}

const step = {
  optimizer: { name: 'sgd', momentum: 0.9, nesterov: false },
  weightDecay: 1e-4,
  decayDepthwise: false,
  ema: 0.9,
} as const

test.each(models().map(({ name }) => name))('%s', async (name) => {
  const net = build(name, { width: 0.25, size: 40, classes: 5 })
  await checkGraph(freeze(foldBatchNorm(net.graph(1)), net.weights))
  const options = { ...step, batch: 3, labelSmoothing: 0.1, clipNorm: 1, frozen: new Set<string>() }
  await checkGraph(trainingStep(net, options).graph)
  expect(phases.size).toBeGreaterThan(20)
})

describe('the check finds', () => {
  const [a, b] = [input('a', [8]), input('b', [8])]
  const one = add(a, b)
  const two = add(one, b)
  const kernelOf = (key: string, bytes: number, pieces = 1): Kernel => ({
    phases: [{ key, pieces, emit: (f, _from, _to, at) => f.memoryFill(at.y, 0, bytes) }],
  })
  const checked = (first: Kernel, second: Kernel) => () =>
    new PhaseCode().check(
      { steps: [one, two], copies: [] },
      new Map<Value, Kernel>([
        [one, first],
        [two, second],
      ]),
    )

  test('equal keys with different code or different pieces', () => {
    expect(checked(kernelOf('zero 32', 32), kernelOf('zero 32', 32))).not.toThrow()
    expect(checked(kernelOf('zero 32', 32), kernelOf('zero 64', 64))).not.toThrow()
    expect(checked(kernelOf('zero', 32), kernelOf('zero', 64))).toThrow(
      'two phases have the key zero and different code',
    )
    expect(checked(kernelOf('zero', 32, 1), kernelOf('zero', 32, 2))).toThrow(
      'two phases have the key zero, one 1 pieces, one 2',
    )
  })
})
