import { describe, expect, test } from 'vitest'
import { tensor } from '../../src/core/index.ts'
import { transfer } from '../../src/train/index.ts'
import { failureOf, toyNet } from './toys.ts'

const trained = toyNet({ classes: 5, seed: 1 })

test('another number of classes: all but the classifier is taken over', () => {
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

test('as many classes, but others: the classifier can be left out', () => {
  const net = toyNet({ classes: 5, seed: 2 })
  const first = net.weights.get('classifier.w')
  expect(transfer(net, trained.weights, { anew: ['classifier'] }).anew).toEqual(['classifier.w', 'classifier.b'])
  expect(net.weights.get('classifier.w')).toEqual(first)
  expect(transfer(net, trained.weights).anew).toEqual([])
})

test('tensors of something else beside them are told', () => {
  const more = new Map([...trained.weights, ['optimizer.step', tensor([1], [3])]])
  expect(transfer(toyNet({ classes: 5 }), more).unused).toEqual(['optimizer.step'])
})

describe('what cannot be taken over says so, and leaves the network as it was', () => {
  test.each([
    [
      'nothing fits',
      new Map([['features.0.weight', tensor([2], [1, 2])]]),
      {},
      "KingletError: transfer: none of the 1 tensors given has name and shape of one of the network's " +
        `${trained.weights.size} parameters (stem.conv.w [3, 3, 3, 8] is one): use weights of the same model and width`,
    ],
    [
      'a tensor that is not finite',
      new Map([['stem.bn.gamma', tensor([8], [1, 1, 1, 1, 1, 1, Number.POSITIVE_INFINITY, 1])]]),
      {},
      'DivergedError: transfer: stem.bn.gamma holds Infinity at element 6: begin with weights that are whole',
    ],
    [
      'a layer that there is not',
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
