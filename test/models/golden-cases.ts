/**
 * The golden comparison of a forward pass, for any engine, and the code that all comparisons share. The tolerance is 1e-3
 * of the expected value. Where a value is the small remainder of larger ones that cancel, it is 1e-3 of those:
 * - means and single activations: at least the mean magnitude of their feature map;
 * - logits: at least their root mean square;
 * - projections of gradients on a random direction: at least the norm times the direction's deviation, sqrt(1/12);
 * - gradients that are zero (golden-training.ts): the gradient beside them.
 * Losses and norms are compared directly.
 */
import { expect } from 'vitest'
import type { Engine } from '../../src/engine/index.ts'
import { type Graph, parametersOf } from '../../src/graph/index.ts'
import type { Model } from '../../src/models/index.ts'
import { input } from '../../src/ops/index.ts'
import { type ForwardCase, images, largestError, rms, summary, titleOf } from './golden.ts'

export const tolerance = 1e-3

/** Errors, by the name of what was compared. */
export type Errors = Readonly<Record<string, number>>

/** Asserts all of them at once, so that a failure shows the first layer that is wrong. */
export const expectAllWithin = (title: string, errors: Errors): void => {
  const wrong = Object.entries(errors).filter(([, error]) => !(error <= tolerance))
  expect(wrong, title).toEqual([])
}

export async function compareForward(engine: Engine, c: ForwardCase, model: Model, freeze: boolean): Promise<Errors> {
  expect(model.architecture.options.batchNormEps).toBe(c.batchNormEps[0])
  const x = input('x', [1, ...model.inputShape])
  const { logits, features } = model.forward(x, { training: false })
  const graph: Graph = { outputs: { ...Object.fromEntries(features), logits }, updates: [] }
  const trained = [...parametersOf(graph).values()].filter((p) => p.attrs.role !== 'state')
  expect(trained.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0)).toBe(c.parameters)

  const program = await engine.compile(graph, { weights: model.weights, freeze })
  const results = await program.run({ x: images(1, c.size) })
  program.dispose()

  // torchvision's list begins with the stem and ends with the last convolution; timm's has blocks only (V3's last
  // convolution among them).
  const taps = [...features.keys()].filter((name) => /^(stem|blocks\.\d+|last)$/.test(name))
  const from = c.source === 'timm' ? taps.indexOf('blocks.0') : 0
  const names = taps.slice(from, from + c.blocks.length)
  expect(names).toHaveLength(c.blocks.length)
  const errors: Record<string, number> = {}
  for (const [i, name] of names.entries()) {
    const [got, want] = [summary(results[name]), c.blocks[i]]
    expect(got.shape, name).toEqual(want.shape)
    errors[`${name} mean`] = largestError([got.mean], [want.mean], want.absMean)
    errors[`${name} absMean`] = largestError([got.absMean], [want.absMean], 0)
    errors[`${name} head`] = largestError(got.head, want.head, want.absMean)
  }
  errors.logits = largestError(results.logits.data, c.logits, rms(c.logits))
  expectAllWithin(titleOf(c), errors)
  return errors
}
