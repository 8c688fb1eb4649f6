/**
 * Small functions with known minima, on which search algorithms are compared with Optuna's. They equal those of the
 * script that measured Optuna, whose figures are in test/fixtures/optuna.json. Branin and Hartmann-6 as in Dixon and
 * Szego 1978, ZDT1 in the form g = 1 + sum of x1..x9 (of Zitzler, Deb and Thiele 2000).
 */
import { keyOf } from '../../src/core/index.ts'
import { type Choice, defineSpace, type Point, type Space } from '../../src/search/space/space.ts'
import type { Objective } from '../../src/search/trial.ts'

export interface Known {
  readonly space: Space
  readonly objectives: readonly Objective[]
  values(point: Point): number[]
}

export interface KnownMinimum extends Known {
  readonly minimum: number
}

/** Output k + 1 of mulberry32 with the FNV-1a hash of `name` as its seed. */
export function mulberry(name: string, k: number): number {
  const a = (keyOf(name) + Math.imul(k + 1, 0x6d2b79f5)) | 0
  let t = Math.imul(a ^ (a >>> 15), a | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

const numbered = (letter: string, count: number, choice: Choice): Record<string, Choice> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${letter}${i}`, choice]))
const unit: Choice = { kind: 'real', low: 0, high: 1 }
const one: readonly Objective[] = [{ name: 'value', direction: 'minimize' }]
const numbers = (point: Point): number[] => Object.values(point).map(Number)

export const branin: KnownMinimum = {
  space: defineSpace('branin', { x: { kind: 'real', low: -5, high: 10 }, y: { kind: 'real', low: 0, high: 15 } }),
  objectives: one,
  minimum: 0.397887,
  values(point) {
    const [x, y] = numbers(point)
    const bend = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6
    return [bend * bend + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10]
  },
}

const bowls = [
  { height: 1, a: [10, 3, 17, 3.5, 1.7, 8], p: [1312, 1696, 5569, 124, 8283, 5886] },
  { height: 1.2, a: [0.05, 10, 17, 0.1, 8, 14], p: [2329, 4135, 8307, 3736, 1004, 9991] },
  { height: 3, a: [3, 3.5, 1.7, 10, 17, 8], p: [2348, 1451, 3522, 2883, 3047, 6650] },
  { height: 3.2, a: [17, 8, 0.05, 10, 0.1, 14], p: [4047, 8828, 8732, 5743, 1091, 381] },
]

export const hartmann6: KnownMinimum = {
  space: defineSpace('hartmann6', numbered('x', 6, unit)),
  objectives: one,
  minimum: -3.32237,
  values(point) {
    const x = numbers(point)
    const depth = ({ height, a, p }: (typeof bowls)[number]) =>
      height * Math.exp(-a.reduce((sum, w, j) => sum + w * (x[j] - p[j] / 1e4) ** 2, 0))
    return [-bowls.reduce((sum, bowl) => sum + depth(bowl), 0)]
  },
}

const [own, pair] = [
  (i: number, c: number) => mulberry('a', 4 * i + c),
  (i: number, c: number, d: number) => mulberry('b', 16 * i + 4 * c + d),
]
const four = [0, 1, 2, 3]

/** The lowest sum over all 4^10 points, choice by choice. */
function bestSum(): number {
  let best = four.map((c) => own(0, c))
  for (let i = 0; i < 9; i++)
    best = four.map((d) => Math.min(...four.map((c) => best[c] + pair(i, c, d))) + own(i + 1, d))
  return Math.min(...best)
}

export const choices: KnownMinimum = {
  space: defineSpace('choices', numbered('c', 10, { kind: 'categorical', values: four })),
  objectives: one,
  minimum: bestSum(),
  values(point) {
    const c = numbers(point)
    return [c.reduce((sum, v, i) => sum + own(i, v) + (i < 9 ? pair(i, v, c[i + 1]) : 0), 0)]
  },
}

/** The reference point of its hypervolume is (1.1, 1.1). */
export const zdt1: Known = {
  space: defineSpace('zdt1', numbered('x', 10, unit)),
  objectives: [
    { name: 'f1', direction: 'minimize' },
    { name: 'f2', direction: 'minimize' },
  ],
  values(point) {
    const [x, ...rest] = numbers(point)
    const g = 1 + rest.reduce((sum, v) => sum + v, 0)
    return [x, g * (1 - Math.sqrt(x / g))]
  },
}

export const minima = { branin, hartmann6, choices }
