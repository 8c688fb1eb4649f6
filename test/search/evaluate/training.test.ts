import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readModelFile } from '../../../src/formats/index.ts'
import { analyse } from '../../../src/graph/index.ts'
import { type Model, restore } from '../../../src/models/index.ts'
import { Paused } from '../../../src/search/evaluate/evaluator.ts'
import { foldsOf, kFoldEvaluation } from '../../../src/search/evaluate/k-fold.ts'
import type { Demand } from '../../../src/search/evaluate/network.ts'
import { keepInFolder } from '../../../src/search/evaluate/node-training.ts'
import { trainingEvaluation } from '../../../src/search/evaluate/training.ts'
import type { StepReport } from '../../../src/search/trial.ts'
import { evaluate } from '../../../src/train/index.ts'
import { failureOf, preprocessing, toySet } from '../../train/toys.ts'
import { contextOf, engine, networkOf } from './helpers.ts'

const data = { train: toySet(24), val: toySet(12, 2) }
const macs = (model: Model) => analyse(model.graph()).total.macs
const setup = { networkOf, engine, epochs: 3, trainingOf: () => ({ batch: 12 }) }
const point = { width: 0.1 }

const folders: string[] = []
const freshFolder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'kinglet-evaluate-')))
  return folders.at(-1)!
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

describe('full training', () => {
  test('reports each epoch, returns the last accuracy, and leaves the model', async () => {
    const folder = freshFolder()
    const { context, reports } = contextOf({ folder })
    const evaluator = trainingEvaluation({ ...setup, data, keep: keepInFolder })
    const { values, files, violations } = await evaluator.evaluate(point, context)
    expect(reports.map((r) => r.step)).toEqual([1, 2, 3])
    expect(values).toEqual([reports[2].value])
    expect(violations).toBeUndefined()
    const { architecture, weights } = readModelFile(readFileSync(join(folder, files!.model)))
    const { top1 } = await evaluate(restore(architecture!, weights, 'model'), data.val, { engine, preprocessing })
    expect(top1).toBe(values[0])
  })

  test('is a function of point and seed', async () => {
    const evaluator = trainingEvaluation({ ...setup, data })
    const told = async (seed: number) => {
      const { context, reports } = contextOf({ seed })
      await evaluator.evaluate(point, context)
      return reports
    }
    expect(await told(1)).toEqual(await told(1))
  })

  test.each([
    ['killed after a checkpoint, before its report', new Error('killed'), [1, 2, 2, 3]],
    ['paused and resumed', new Paused('wait'), [1, 2, 3]],
  ])('%s: it resumes and ends with the same result', async (_, thrown, steps) => {
    const undisturbed = contextOf({ folder: freshFolder() })
    const evaluator = trainingEvaluation({ ...setup, data, keep: keepInFolder })
    const expected = await evaluator.evaluate(point, undisturbed.context)

    const folder = freshFolder()
    const told: StepReport[] = []
    const first = contextOf({
      folder,
      hear(report) {
        told.push(report)
        if (report.step === 2) throw thrown
      },
    })
    await expect(evaluator.evaluate(point, first.context)).rejects.toBe(thrown)
    const second = contextOf({ folder, hear: (report) => void told.push(report) })
    expect(await evaluator.evaluate(point, second.context)).toEqual(expected)
    expect(told.map((r) => r.step)).toEqual(steps)
    expect(told.at(-1)).toEqual(undisturbed.reports[2])
  })

  test('a finished training is not run again', async () => {
    const { context } = contextOf({ folder: freshFolder() })
    const evaluator = trainingEvaluation({ ...setup, data, keep: keepInFolder })
    const ended = await evaluator.evaluate(point, context)
    const again = contextOf({ folder: context.folder! })
    expect(await evaluator.evaluate(point, again.context)).toEqual(ended)
    expect(again.reports).toEqual([])
  })

  test('demands are objectives and budgets', async () => {
    const own = macs(networkOf(point))
    const demands: Demand[] = [
      { name: 'macs', of: macs, minimize: true, atMost: own + 5 },
      { name: 'classes', of: async (model) => model.classes!, atMost: 4 },
    ]
    const evaluator = trainingEvaluation({ ...setup, epochs: 1, data, demands })
    expect(evaluator.objectives).toEqual([
      { name: 'accuracy', direction: 'maximize' },
      { name: 'macs', direction: 'minimize' },
    ])
    const { values, violations } = await evaluator.evaluate(point, contextOf().context)
    expect(values[1]).toBe(own)
    expect(violations).toEqual([-5, -1])
  })

  test('a network above a budget is not trained, unless overBudget is judge', async () => {
    const demands: Demand[] = [{ name: 'macs', of: macs, atMost: 1 }]
    const evaluateWith = async (overBudget: 'skip' | 'judge') => {
      const { context, reports } = contextOf()
      const options = { ...setup, epochs: 1, data, demands, overBudget }
      return { ...(await trainingEvaluation(options).evaluate(point, context)), told: reports.length }
    }
    const skipped = await evaluateWith('skip')
    expect(skipped).toEqual({ values: [0], violations: [macs(networkOf(point)) - 1], told: 0 })
    expect(await evaluateWith('judge')).toMatchObject({ violations: skipped.violations, told: 1 })
  })

  test('mistakes', async () => {
    expect(await failureOf(() => trainingEvaluation({ ...setup, data: { train: data.train } }))).toBe(
      'UsageError: trainingEvaluation: data has no val: give the images on which networks are validated',
    )
    expect(await failureOf(() => trainingEvaluation({ ...setup, data, demands: [{ name: 'macs', of: macs }] }))).toBe(
      'UsageError: demand macs: neither minimize nor atMost is given: give one, or leave it out',
    )
    const demands = [{ name: 'latencyMs', of: () => Number.NaN, minimize: true }]
    const { context } = contextOf()
    expect(await failureOf(() => trainingEvaluation({ ...setup, data, demands }).evaluate(point, context))).toBe(
      "KingletError: demand latencyMs: the network's is NaN: it must be a finite number",
    )
  })
})

describe('k folds', () => {
  const set = toySet(21)

  test('every image is held out once, classes are even, and the folds depend on the seed', () => {
    const folds = foldsOf(set, 3, 5)
    const names = folds.map(({ val }) => Array.from({ length: val.length }, (_, i) => val.name(i)))
    expect(names.flat().sort()).toEqual(Array.from({ length: 21 }, (_, i) => set.name(i)).sort())
    for (const { train, val } of folds) {
      expect([train.length, val.length]).toEqual([14, 7])
      const counts = [0, 1, 2].map((label) => names[0].filter((_, i) => val.label(i) === label).length)
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(2)
    }
    const again = foldsOf(set, 3, 5)[0].val
    expect(Array.from({ length: 7 }, (_, i) => again.name(i))).toEqual(names[0])
    const other = foldsOf(set, 3, 6)[0].val
    expect(Array.from({ length: 7 }, (_, i) => other.name(i))).not.toEqual(names[0])
  })

  test('mean and spread over the folds, reported after each; it resumes when killed or paused', async () => {
    const options = {
      ...setup,
      epochs: 2,
      trainingOf: () => ({ batch: 7 }),
      data: set,
      folds: 3,
      spread: true,
      keep: keepInFolder,
    }
    const evaluator = kFoldEvaluation(options)
    expect(evaluator.objectives.map((o) => o.name)).toEqual(['accuracy', 'accuracySpread'])
    const whole = contextOf({ folder: freshFolder() })
    const expected = await evaluator.evaluate(point, whole.context)
    const [a, b, c] = whole.reports.map((r) => r.value)
    expect(whole.reports.map((r) => r.step)).toEqual([1, 2, 3])
    const found = [a, 2 * b - a, 3 * c - 2 * b]
    expect(expected.values[0]).toBeCloseTo(c, 12)
    const variance = found.reduce((sum, v) => sum + (v - c) ** 2, 0) / 2
    expect(expected.values[1]).toBeCloseTo(Math.sqrt(variance), 12)
    expect(expected.files).toEqual({
      model0: 'fold-0/model.safetensors',
      model1: 'fold-1/model.safetensors',
      model2: 'fold-2/model.safetensors',
    })

    const folder = freshFolder()
    const hear = ({ step }: StepReport) => {
      if (step === 2) throw new Paused('wait')
    }
    await expect(evaluator.evaluate(point, contextOf({ folder, hear }).context)).rejects.toThrow('wait')
    const rest = contextOf({ folder })
    expect(await evaluator.evaluate(point, rest.context)).toEqual(expected)
    expect(rest.reports).toEqual(whole.reports.slice(2))
  })

  test('mistakes', async () => {
    expect(await failureOf(() => foldsOf(set, 1))).toBe('KingletError: folds is 1: it must be an integer, 2 or more')
    expect(await failureOf(() => foldsOf(set, 8))).toBe(
      'KingletError: folds is 8, class left has 7 images: use 7 folds at most, or more images',
    )
  })
})
