import { describe, expect, test } from 'vitest'
import { referenceEngine } from '../../src/engine/index.ts'
import { input, mul, parameter, type Value } from '../../src/ops/index.ts'
import { type Optimizer, type optimizerNames, optimizerOf } from '../../src/train/index.ts'
import { ruleOf } from '../../src/train/optimizer.ts'

/** Fifteen steps of the optimiser's graph on one weight, which starts at 1.5 and has gradient 2 w c[step]. */
async function byGraph(optimizer: Optimizer, decay: number): Promise<number[]> {
  const full = optimizerOf(optimizer)
  const rule = ruleOf(full)
  const leaf = (name: string, value: number) =>
    parameter({ name, shape: [1], role: 'weight', init: { kind: 'constant', value } })
  const scalars = new Map<string, Value>()
  const scalar = (name: string) => scalars.get(name) ?? scalars.set(name, input(name, [])).get(name)!
  const w = leaf('w', 1.5)
  const g = mul(mul(w, 2), scalar('c'))
  const next = rule.next(full, { w, g, learningRate: scalar('lr'), decay, scalar, state: leaf })
  const updates = [[w, next.w] as const, ...next.state].map(([target, value]) => ({ target, value }))
  const program = await referenceEngine().compile({ outputs: {}, updates })
  const found: number[] = []
  for (const [i, c] of steps.entries()) {
    const values = { ...rule.scalars(full, i + 1), c, lr: rates[i] }
    const given = Object.entries(values).filter(([name]) => scalars.has(name))
    await program.run(Object.fromEntries(given.map(([name, value]) => [name, Float32Array.of(value)])))
    found.push((await program.read(['w'])).get('w')!.data[0])
  }
  return found
}
const steps = [1, -0.5, 2, 0.1, 1, 1, -1, 0.3, 0, 1, 4, -2, 1, 1, 1]
const rates = steps.map((_, i) => 0.05 / (1 + i))

/** The same steps by hand, in double precision. */
function byHand(next: (w: number, g: number, lr: number, step: number) => number): number[] {
  let w = 1.5
  return steps.map((c, i) => (w = next(w, 2 * w * c, rates[i], i + 1)))
}

const decay = 0.3
const close = (found: number[], expected: number[]) => {
  expect(found).toHaveLength(expected.length)
  for (const [i, x] of expected.entries()) expect(Math.abs(found[i] - x)).toBeLessThan(1e-6 * Math.max(1, Math.abs(x)))
}

describe('optimisers match their papers and libraries', () => {
  test('gradient descent', async () => {
    const found = await byGraph({ name: 'sgd', momentum: 0 }, decay)
    close(
      found,
      byHand((w, g, lr) => w - lr * (g + decay * w)),
    )
  })

  test.each([false, true])('momentum, Nesterov %s (PyTorch)', async (nesterov) => {
    const found = await byGraph({ name: 'sgd', momentum: 0.9, nesterov }, decay)
    let v = 0
    close(
      found,
      byHand((w, g, lr) => {
        const d = g + decay * w
        v = 0.9 * v + d
        return w - lr * (nesterov ? d + 0.9 * v : v)
      }),
    )
  })

  test.each([0, 0.9])(
    'RMSProp with momentum %d (TensorFlow: epsilon inside the root, rate inside the momentum)',
    async (momentum) => {
      const found = await byGraph({ name: 'rmsprop', decay: 0.9, momentum, epsilon: 0.01 }, decay)
      let [s, m] = [1, 0]
      close(
        found,
        byHand((w, g, lr) => {
          const d = g + decay * w
          s = 0.9 * s + 0.1 * d * d
          m = momentum * m + (lr * d) / Math.sqrt(s + 0.01)
          return w - m
        }),
      )
    },
  )

  test('AdamW (PyTorch: decay apart from the gradient, epsilon outside the root)', async () => {
    const found = await byGraph({ name: 'adamw', beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }, decay)
    let [m, v] = [0, 0]
    close(
      found,
      byHand((w, g, lr, t) => {
        const kept = w * (1 - lr * decay)
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g * g
        return kept - (lr * (m / (1 - 0.8 ** t))) / (Math.sqrt(v / (1 - 0.95 ** t)) + 1e-3)
      }),
    )
  })
})

test('optimisers keep no unnecessary state', async () => {
  const state = (name: (typeof optimizerNames)[number], options = {}) => {
    const full = optimizerOf({ name, ...options } as Optimizer)
    const w = parameter({ name: 'w', shape: [2], role: 'weight', init: { kind: 'constant', value: 0 } })
    const names: string[] = []
    const slot = { w, g: w, learningRate: input('lr', []), decay: 0, scalar: (n: string) => input(n, []) }
    const keep = (name: string) => {
      names.push(name)
      return w
    }
    ruleOf(full).next(full, { ...slot, state: keep })
    return names
  }
  expect(state('sgd')).toEqual(['momentum'])
  expect(state('sgd', { momentum: 0 })).toEqual([])
  expect(state('rmsprop')).toEqual(['square', 'momentum'])
  expect(state('rmsprop', { momentum: 0 })).toEqual(['square'])
  expect(state('adamw')).toEqual(['mean', 'square'])
})

test.each([
  ['adam', 'there is no optimizer adam (did you mean adamw?): use sgd, rmsprop or adamw'],
  [{ name: 'sgd', momentum: 1 }, 'optimizer sgd: momentum is 1: it must be a number of at least 0 and below 1'],
  [{ name: 'sgd', nesterov: 'yes' }, 'optimizer sgd: nesterov is yes: it must be true or false'],
  [{ name: 'adamw', beta: 0.9 }, 'optimizer adamw: no option beta (did you mean beta1?): use beta1, beta2 or epsilon'],
  [{ name: 'rmsprop', epsilon: 0 }, 'optimizer rmsprop: epsilon is 0: it must be a number above 0'],
])('%j is refused', (optimizer, message) => {
  expect(() => optimizerOf(optimizer as Optimizer)).toThrow(expect.objectContaining({ name: 'UsageError', message }))
})
