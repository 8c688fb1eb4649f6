import { describe, expect, test } from 'vitest'
import { Rng } from '../../../src/core/index.ts'
import { acquisition } from '../../../src/search/algorithms/gp/acquisition.ts'
import { fitHyper, lossOf } from '../../../src/search/algorithms/gp/fit.ts'
import { distances, layoutOf } from '../../../src/search/algorithms/gp/layout.ts'
import { Posterior } from '../../../src/search/algorithms/gp/posterior.ts'
import { objectiveTransform, violationTransform } from '../../../src/search/algorithms/gp/transform.ts'
import { defineSpace, encodePoint, type Point, samplePoint } from '../../../src/search/index.ts'

const space = defineSpace('mixed', {
  a: { kind: 'real', low: -1, high: 3 },
  b: { kind: 'real', low: 1e-4, high: 1, log: true },
  kernel: { kind: 'categorical', values: [3, 5, 7], ordered: true },
  act: { kind: 'categorical', values: ['relu', 'hswish', 'swish', 'none'] },
  ratio: { kind: 'integer', low: 2, high: 9, when: { act: ['relu', 'swish'] } },
})
const layout = layoutOf(space)
const { width, dims } = layout
const hyper = Float64Array.of(-0.5, 0.2, -0.1, 0.4, 0.1, 0.7, Math.log(1e-3))

const encoded = (point: Point) => Float64Array.from(encodePoint(space, point))

function sampled(n: number, seed: number) {
  const rng = new Rng(seed)
  const rows = Float64Array.from(Array.from({ length: n }, () => encodePoint(space, samplePoint(space, rng))).flat())
  const values = Float64Array.from(
    { length: n },
    (_, i) => Math.sin(4 * rows[i * width]) + rows[i * width + 3] + 0.1 * rng.normal(),
  )
  return { rows, values }
}

/**
 * The covariance of two encoded points, written out: one squared distance for each choice, the Hamming distance for
 * `act`.
 */
function covariance(a: Float64Array, b: Float64Array, h = hyper): number {
  const apart = [a[0] - b[0], a[1] - b[1], a[2] - b[2]].map((d) => d * d)
  apart.push(0.5 * [3, 4, 5, 6].reduce((sum, c) => sum + (a[c] - b[c]) ** 2, 0), (a[7] - b[7]) ** 2)
  const r = Math.sqrt(apart.reduce((sum, d, i) => sum + d / Math.exp(h[i]) ** 2, 0))
  return Math.exp(h[dims]) * (1 + Math.sqrt(5) * r + (5 / 3) * r * r) * Math.exp(-Math.sqrt(5) * r)
}

/** Solves A x = b by Gaussian elimination with pivots. */
function solve(a: number[][], b: number[]): number[] {
  const m = a.map((row, i) => [...row, b[i]])
  for (let c = 0; c < m.length; c++) {
    const pivot = m.slice(c).reduce((best, row, i) => (Math.abs(row[c]) > Math.abs(m[best][c]) ? c + i : best), c)
    ;[m[c], m[pivot]] = [m[pivot], m[c]]
    for (let r = 0; r < m.length; r++) {
      if (r === c) continue
      const f = m[r][c] / m[c][c]
      for (let k = c; k <= m.length; k++) m[r][k] -= f * m[c][k]
    }
  }
  return m.map((row, i) => row[m.length] / row[i])
}

const rowOf = (rows: Float64Array, i: number) => rows.subarray(i * width, (i + 1) * width)

describe('layout', () => {
  test('counts numbers and choices, and has the position of each choice', () => {
    expect({ width, dims }).toEqual({ width: 8, dims: 5 })
    expect(layout.offsets).toEqual({ a: 0, b: 1, kernel: 2, act: 3, ratio: 7 })
    expect([...layout.choiceOf]).toEqual([0, 1, 2, 3, 3, 3, 3, 4])
  })

  test('unordered values are equally far apart: as far as the ends of a real choice', () => {
    const base = { a: 0, b: 0.1, kernel: 3 }
    const acts = ['relu', 'hswish', 'swish', 'none']
    for (const one of acts)
      for (const two of acts) {
        const rows = [one, two].flatMap((act) => encodePoint(space, { ...base, act }))
        expect(distances(layout, Float64Array.from(rows))[3]).toBe(Number(one !== two))
      }
  })
})

describe('fit', () => {
  test('the gradient of likelihood and priors equals finite differences', () => {
    for (const [n, seed] of [
      [1, 1],
      [2, 2],
      [9, 3],
      [30, 4],
    ]) {
      const { rows, values } = sampled(n, seed)
      const loss = lossOf(layout, rows, values)
      const gradient = new Float64Array(dims + 2)
      loss(hyper, gradient)
      for (let d = 0; d < dims + 2; d++) {
        const at = (step: number) =>
          loss(
            hyper.map((v, i) => v + (i === d ? step : 0)),
            new Float64Array(dims + 2),
          )
        expect(gradient[d]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 4)
      }
    }
  })

  test('differences of the loss equal those of the dense formula', () => {
    const { rows, values } = sampled(7, 5)
    const direct = (h: Float64Array<ArrayBuffer>) => {
      const k = Array.from(values, (_, i) =>
        Array.from(
          values,
          (_, j) => covariance(rowOf(rows, i), rowOf(rows, j), h) + (i === j ? Math.exp(h[dims + 1]) : 0),
        ),
      )
      const alpha = solve(k, [...values])
      // The determinant by elimination, row by row.
      const m = k.map((row) => [...row])
      let logDeterminant = 0
      for (let c = 0; c < m.length; c++) {
        logDeterminant += Math.log(m[c][c])
        for (let r = c + 1; r < m.length; r++) {
          const f = m[r][c] / m[c][c]
          for (let i = c; i < m.length; i++) m[r][i] -= f * m[c][i]
        }
      }
      return 0.5 * values.reduce((sum, y, i) => sum + y * alpha[i], 0) + 0.5 * logDeterminant
    }
    // Priors are normal, so equal distances on both sides of their means cancel out.
    const loss = lossOf(layout, rows, values)
    const middle = Float64Array.of(...Array(dims).fill(0.2 + 0.5 * Math.log(dims)), 0, Math.log(1e-4))
    const steps = [1.1, -0.4, 0.3, 0.8, -0.9, 0.6, 2]
    const [up, down] = [1, -1].map((sign) => middle.map((v, i) => v + sign * steps[i]))
    const scratch = new Float64Array(dims + 2)
    expect(loss(up, scratch) - loss(down, scratch)).toBeCloseTo(direct(up) - direct(down), 8)
  })

  test('finds the choice that matters and the noise of the values', () => {
    const { rows } = sampled(40, 6)
    const rng = new Rng(7)
    const values = Float64Array.from({ length: 40 }, (_, i) => 1.4 * Math.sin(6 * rows[i * width]) + 0.3 * rng.normal())
    const found = fitHyper(layout, rows, values)
    for (let d = 1; d < dims; d++) expect(found[d]).toBeGreaterThan(found[0] + 1)
    expect(Math.sqrt(Math.exp(found[dims + 1]))).toBeGreaterThan(0.15)
    expect(Math.sqrt(Math.exp(found[dims + 1]))).toBeLessThan(0.6)
    expect(fitHyper(layout, rows, values)).toEqual(found)
  })
})

describe('posterior', () => {
  const { rows, values } = sampled(25, 8)
  const model = new Posterior(layout, hyper, rows, values)
  const noise = Math.exp(hyper[dims + 1])

  test('mean and deviation equal the dense formulas', () => {
    const k = Array.from(values, (_, i) =>
      Array.from(values, (_, j) => covariance(rowOf(rows, i), rowOf(rows, j)) + (i === j ? noise : 0)),
    )
    const alpha = solve(k, [...values])
    const rng = new Rng(9)
    for (let draw = 0; draw < 20; draw++) {
      const x = encoded(samplePoint(space, rng))
      const cross = Array.from(values, (_, i) => covariance(x, rowOf(rows, i)))
      const { mean, sd } = model.at(x)
      expect(mean).toBeCloseTo(
        cross.reduce((sum, c, i) => sum + c * alpha[i], 0),
        9,
      )
      const explained = solve(k, cross).reduce((sum, c, i) => sum + c * cross[i], 0)
      expect(sd * sd).toBeCloseTo(covariance(x, x) - explained, 9)
    }
  })

  test('fitted holds the means at the rows', () => {
    for (let i = 0; i < values.length; i++) expect(model.fitted[i]).toBeCloseTo(model.at(rowOf(rows, i)).mean, 9)
  })

  test('slopes equal finite differences, also of the acquisition', () => {
    const numbers = Int32Array.of(0, 1, 7)
    const limit = new Posterior(
      layout,
      hyper.map((v) => v + 0.2),
      rows,
      values.map((v, i) => (i % 3) - v),
    )
    const beliefs = [
      { objective: { model, best: -0.5 }, limits: [{ model: limit, most: 0.3 }] },
      { objective: { model, best: -3 }, limits: [] },
      { limits: [{ model: limit, most: -2 }] },
    ]
    const rng = new Rng(10)
    for (let draw = 0; draw < 10; draw++) {
      const x = encoded(samplePoint(space, rng))
      const moved = (c: number, step: number) => x.map((v, i) => v + (i === c ? step : 0))
      const { meanSlope, sdSlope } = model.at(x, numbers)
      for (const [i, c] of numbers.entries()) {
        const [up, down] = [model.at(moved(c, 1e-5)), model.at(moved(c, -1e-5))]
        expect(meanSlope[i]).toBeCloseTo((up.mean - down.mean) / 2e-5, 5)
        expect(sdSlope[i]).toBeCloseTo((up.sd - down.sd) / 2e-5, 5)
      }
      for (const belief of beliefs) {
        const gradient = new Float64Array(3)
        expect(acquisition(belief, x, numbers, gradient)).toBe(acquisition(belief, x))
        for (const [i, c] of numbers.entries()) {
          const between = (acquisition(belief, moved(c, 1e-6)) - acquisition(belief, moved(c, -1e-6))) / 2e-6
          expect(Math.abs(gradient[i] - between)).toBeLessThan(1e-4 * Math.max(1, Math.abs(between)))
        }
      }
    }
  })

  test('duplicate points without noise are made solvable', () => {
    const twice = Float64Array.from([...rows.subarray(0, width), ...rows.subarray(0, width)])
    const flat = hyper.with(dims + 1, -60)
    const { mean } = new Posterior(layout, flat, twice, Float64Array.of(1, 1)).at(rows.subarray(0, width))
    expect(mean).toBeCloseTo(1, 6)
  })
})

describe('transforms', () => {
  const skewed = Float64Array.from({ length: 41 }, (_, i) => Math.exp(i / 5))

  test('values get mean 0 and deviation 1 and keep their order', () => {
    for (const values of [skewed, skewed.map((v) => -v), skewed.map((v) => v * 1e9 - 1e12)]) {
      const out = values.map(objectiveTransform(values))
      expect(out.reduce((a, b) => a + b, 0) / out.length).toBeCloseTo(0, 9)
      expect(out.reduce((a, b) => a + b * b, 0) / out.length).toBeCloseTo(1, 9)
      const order = (v: Float64Array) => [...v.keys()].sort((a, b) => v[a] - v[b])
      expect(order(out)).toEqual(order(values))
    }
  })

  test('far worse values are compressed, far better ones are not', () => {
    const gap = (v: Float64Array, at: number) => Math.abs(v[at] - v[at + 1])
    const worse = skewed.map(objectiveTransform(skewed))
    expect(gap(worse, 39) / gap(worse, 0)).toBeLessThan((0.1 * gap(skewed, 39)) / gap(skewed, 0))
    const mirrored = skewed.map((v) => -v)
    const better = mirrored.map(objectiveTransform(mirrored))
    expect(gap(better, 39) / gap(better, 0)).toBeCloseTo(gap(skewed, 39) / gap(skewed, 0), 6)
  })

  test('equal values and an extreme value stay finite', () => {
    expect([...Float64Array.of(3, 3, 3).map(objectiveTransform(Float64Array.of(3, 3, 3)))]).toEqual([0, 0, 0])
    const wild = Float64Array.of(1, 2, 3, 4, 1e300)
    expect(wild.map(objectiveTransform(wild)).every(Number.isFinite)).toBe(true)
  })

  test('violations keep their sign', () => {
    const violations = Float64Array.of(-5, -0.1, 0, 0.2, 7e6)
    const transform = violationTransform(violations)
    const out = violations.map((v) => transform(v) - transform(0))
    expect([...out].map(Math.sign)).toEqual([-1, -1, 0, 1, 1])
    expect(out.every((v) => Math.abs(v) < 5)).toBe(true)
  })
})
