import { describe, expect, test } from 'vitest'
import { learningRateAt, type Schedule, scheduleNames, scheduleOf } from '../../src/train/index.ts'
import { fc } from '../support/property.ts'

const run = { steps: 100, stepsPerEpoch: 10 }
const at = (schedule: Schedule, step: number, base = 1) => learningRateAt(schedule, base, step, run)

describe('the learning rate', () => {
  const cases: readonly [Schedule, readonly (readonly [step: number, rate: number])[]][] = [
    [
      { name: 'constant' },
      [
        [1, 1],
        [57, 1],
        [100, 1],
      ],
    ],
    [
      { name: 'cosine' },
      [
        [1, 1],
        [51, 0.5],
        [26, (1 + Math.SQRT1_2) / 2],
        [100, (1 + Math.cos(0.99 * Math.PI)) / 2],
      ],
    ],
    [
      { name: 'cosine', final: 0.1 },
      [
        [1, 1],
        [51, 0.55],
      ],
    ],
    [
      { name: 'exponential', factor: 0.98 },
      [
        [1, 1],
        [11, 0.98],
        [6, 0.98 ** 0.5],
      ],
    ],
    [{ name: 'exponential', factor: 0.973, every: 2 }, [[21, 0.973]]],
    [
      { name: 'step', factor: 0.94, every: 2.5 },
      [
        [1, 1],
        [25, 1],
        [26, 0.94],
        [50, 0.94],
        [51, 0.94 ** 2],
      ],
    ],
    [
      { name: 'step', factor: 0.1, every: 0.3 },
      [
        [3, 1],
        [4, 0.1],
        [10, 0.001],
      ],
    ],
    // Eleven equal rises; the first step after the warm-up has the full rate.
    [
      { name: 'constant', warmup: 1 },
      [
        [1, 1 / 11],
        [10, 10 / 11],
        [11, 1],
      ],
    ],
    [
      { name: 'cosine', warmup: 2 },
      [
        [20, 20 / 21],
        [21, 1],
        [61, 0.5],
      ],
    ],
    [
      { name: 'step', factor: 0.5, every: 3, warmup: 1 },
      [
        [40, 1],
        [41, 0.5],
      ],
    ],
    [
      { name: 'constant', warmup: 0.25 },
      [
        [1, 1 / 4],
        [4, 1],
      ],
    ],
  ]
  test.each(cases)('%j', (schedule, points) => {
    for (const [step, rate] of points) expect(at(schedule, step)).toBeCloseTo(rate, 12)
    expect(at(schedule, points[0][0], 0.05)).toBeCloseTo(0.05 * points[0][1], 12)
  })
})

test('every step of any schedule is between zero and the peak, and falls after the warm-up', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const every = fc.double({ min: 0.01, max: 40, noNaN: true })
  const any = fc.record({
    name: fc.constantFrom(...scheduleNames),
    epochs: fc.integer({ min: 1, max: 30 }),
    stepsPerEpoch: fc.integer({ min: 1, max: 20 }),
    warm: fc.double({ min: 0, max: 0.9, noNaN: true }),
    ...{ final: share, factor: share, every },
  })
  fc.assert(
    fc.property(any, ({ name, epochs, stepsPerEpoch, warm, final, factor, every }) => {
      const own = { constant: {}, cosine: { final }, exponential: { factor, every }, step: { factor, every } }[name]
      const schedule = { name, warmup: warm * epochs, ...own } as Schedule
      const run = { steps: epochs * stepsPerEpoch, stepsPerEpoch }
      const warmupSteps = Math.round(schedule.warmup! * stepsPerEpoch)
      fc.pre(warmupSteps < run.steps)
      const rates = Array.from({ length: run.steps }, (_, i) => learningRateAt(schedule, 2, i + 1, run))
      expect(rates.every((rate) => rate >= 0 && rate <= 2)).toBe(true)
      const [warmup, after] = [0, 1].map((part) => rates.filter((_, i) => Number(i >= warmupSteps) === part))
      expect(warmup).toEqual(warmup.map((_, i) => expect.closeTo((2 * (i + 1)) / (warmup.length + 1), 9)))
      expect(after[0]).toBe(2)
      expect(after).toEqual([...after].sort((a, b) => b - a))
    }),
  )
})

test.each([
  ['linear', 'there is no schedule linear: use constant, cosine, exponential or step'],
  ['cosin', 'there is no schedule cosin (did you mean cosine?): use constant, cosine, exponential or step'],
  [{ name: 'cosine', warmup: -1 }, 'schedule cosine: warmup is -1: it must be a number, 0 or more'],
  [{ name: 'cosine', final: 2 }, 'schedule cosine: final is 2: it must be a number from 0 to 1'],
  [{ name: 'step', every: 0 }, 'schedule step: every is 0: it must be a number above 0'],
  [{ name: 'constant', every: 3 }, 'schedule constant: no option every: use warmup'],
  [
    { name: 'step', warmups: 3 },
    'schedule step: no option warmups (did you mean warmup?): use warmup, factor or every',
  ],
])('%j is refused', (schedule, message) => {
  expect(() => scheduleOf(schedule as Schedule)).toThrow(expect.objectContaining({ name: 'UsageError', message }))
})

test('a warm-up that takes the whole run is refused', () => {
  expect(() => at({ name: 'cosine', warmup: 10 }, 1)).toThrow(
    'schedule cosine: the warm-up takes 100 steps, the run has 100: make it shorter than 10 epochs',
  )
})
