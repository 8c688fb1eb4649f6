import { describe, expect, test } from 'vitest'
import { tensor } from '../../src/core/index.ts'
import { transfer } from '../../src/train/index.ts'
import { failureOf, toyNet } from './toys.ts'

const trained = toyNet({ classes: 5, seed: 1 })

test('a different number of classes: all weights but the classifier are loaded', () => {
  const net = toyNet({ classes: 3, seed: 2 })
  const first = net.weights
  const { loaded, anew, unused } = transfer(net, trained.weights)
  expect(anew).toEqual(['classifier.w', 'classifier.b'])
  expect(unused).toEqual(['classifier.w', 'classifier.b'])
  expect(loaded).toHaveLength(first.size - 2)
  for (const [name, t] of net.weights)
    expect(t).toEqual(name.startsWith('classifier') ? first.get(name) : trained.weights.get(name))
  expect(net.weights.get('stem.bn.variance')).toEqual(trained.weights.get('stem.bn.variance'))
})

test('different classes of the same number: anew keeps the classifier', () => {
  const net = toyNet({ classes: 5, seed: 2 })
  const first = net.weights.get('classifier.w')
  expect(transfer(net, trained.weights, { anew: ['classifier'] }).anew).toEqual(['classifier.w', 'classifier.b'])
  expect(net.weights.get('classifier.w')).toEqual(first)
  expect(transfer(net, trained.weights).anew).toEqual([])
})

test('unused tensors are reported', () => {
  const more = new Map([...trained.weights, ['optimizer.step', tensor([1], [3])]])
  expect(transfer(toyNet({ classes: 5 }), more).unused).toEqual(['optimizer.step'])
})

describe('weights that do not fit give an error and leave the network unchanged', () => {
  test.each([
    [
      'no matching tensor',
      new Map([['features.0.weight', tensor([2], [1, 2])]]),
      {},
      `KingletError: transfer: none of the 1 given tensors matches one of the network's ${trained.weights.size} parameters ` +
        'in name and shape (such as stem.conv.w [3, 3, 3, 8]): use weights of the same model and width',
    ],
    [
      'a tensor that is not finite',
      new Map([['stem.bn.gamma', tensor([8], [1, 1, 1, 1, 1, 1, Number.POSITIVE_INFINITY, 1])]]),
      {},
      'DivergedError: transfer: stem.bn.gamma holds Infinity at element 6: start from finite weights',
    ],
    [
      'an unknown layer',
      trained.weights,
      { anew: ['clasifier'] },
      'KingletError: transfer: anew: the network has no layer clasifier (did you mean classifier?): kinglet summary ' +
        'lists its layers',
    ],
  ])('%s', async (_, weights, options, message) => {
    const net = toyNet()
    const before = net.weights
    expect(await failureOf(() => transfer(net, weights, options))).toBe(message)
    expect(net.weights).toBe(before)
  })
})
