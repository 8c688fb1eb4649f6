/** Parameters and multiply-adds equal the published numbers to the digit. */
import { describe, expect, test } from 'vitest'
import { analyse } from '../../src/graph/index.ts'
import { build, models } from '../../src/models/index.ts'
import { published } from './published.ts'

const totalOf = (...[name, options]: Parameters<typeof build>) => analyse(build(name, options).graph()).total

const label = (options: object): string =>
  Object.entries(options)
    .map(([name, value]) => ` ${name} ${value}`)
    .join('')

test.each(published.map((row) => [`${row.model}${label(row.options)} (${row.source})`, row] as const))(
  '%s',
  (_, { model, options, weights, norm, parameters, all, macs, macsM }) => {
    const total = totalOf(model, options)
    const found = { ...total, all: total.parameters + total.state }
    const wanted = { weights, norm, parameters, all, macs }
    const given = Object.entries(wanted).filter(([, n]) => n !== undefined)
    expect(given.length + (macsM ? 1 : 0)).toBeGreaterThan(0)
    expect(found).toMatchObject(Object.fromEntries(given))
    if (macsM) expect((total.macs / 1e6).toFixed(macsM.split('.')[1].length)).toBe(macsM)
  },
)

describe('identities', () => {
  test('bodies of V1 have the counts in the docstring of TF-slim', () => {
    const body = (options: Parameters<typeof build>[1]) => {
      const { layers, total } = analyse(build('mobilenet_v1', options).graph())
      const classifier = layers.find((layer) => layer.name === 'classifier')!
      return [total.weights - classifier.weights, total.macs - classifier.macs]
    }
    expect(body({})).toEqual([3_185_088, 567_716_352])
    expect(body({ width: 0.75, size: 128 })).toEqual([1_800_144, 106_002_432])
  })

  test('shares of V1 are those of its table 2 (whose 1.19 % for the stem is a slip)', () => {
    const { kinds } = analyse(build('mobilenet_v1').graph())
    const percent = Object.fromEntries(
      Object.entries(kinds).map(([kind, k]) => [
        kind,
        [(100 * k.macShare).toFixed(2), (100 * k.weightShare).toFixed(2)],
      ]),
    )
    expect(percent).toMatchObject({
      pointwise: ['94.86', '74.57'],
      depthwise: ['3.06', '1.06'],
      conv: ['1.91', '0.02'],
      linear: ['0.18', '24.35'],
    })
  })

  test('SE in V1 (reduction 16, after each block) costs what Hu et al. table 2 says: 4.2 M to 4.7 M', () => {
    const se = totalOf('mobilenet_v1', { se: 'all' }).parameters
    expect((totalOf('mobilenet_v1', {}).parameters / 1e6).toFixed(1)).toBe('4.2')
    expect((se / 1e6).toFixed(1)).toBe('4.7')
  })

  test('SE in ResNet-50 costs two weights for each channel and squeezed channel: 2/r sum of N C^2', () => {
    const weightsOf = (se: 'all' | 'none') => totalOf('resnet50', { se }).weights
    const [stages, channels] = [
      [3, 4, 6, 3],
      [256, 512, 1024, 2048],
    ]
    const matrices = stages.reduce((n, blocks, i) => n + (2 / 16) * blocks * channels[i] ** 2, 0)
    const biases = stages.reduce((n, blocks, i) => n + blocks * (channels[i] / 16 + channels[i]), 0)
    expect(weightsOf('all') - weightsOf('none')).toBe(matrices + biases)
  })

  test('counts of weights do not depend on the size, and macs of a batch are the sum over its images', () => {
    for (const { name } of models()) {
      const [a, b] = [totalOf(name, {}), totalOf(name, { size: [67, 100] })]
      expect({ ...b, macs: 0, activationBytes: 0, peakBytes: 0 }).toEqual({
        ...a,
        macs: 0,
        activationBytes: 0,
        peakBytes: 0,
      })
      const three = analyse(build(name, { size: 64 }).graph(3)).total
      expect(three.macs).toBe(3 * totalOf(name, { size: 64 }).macs)
    }
  })
})
