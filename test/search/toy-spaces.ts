/** Small spaces that use all features of spaces, for tests that visit all of their points. */
import { type Choice, type Constraint, defineSpace, type Point, type Space } from '../../src/search/index.ts'

const kernel: Choice = { kind: 'categorical', values: [3, 5, 7], ordered: true }

/** Conditions on conditions, for each kind of choice. */
export const nested = defineSpace('nested', {
  depth: { kind: 'integer', low: 1, high: 3 },
  se: { kind: 'categorical', values: [false, true] },
  ratio: { kind: 'categorical', values: [2, 4, 8], when: { se: [true] } },
  second: { ...kernel, when: { depth: [2, 3] } },
  third: { ...kernel, when: { depth: [3], second: [5, 7] } },
  act: { kind: 'categorical', values: ['relu', 'swish'], when: { ratio: [2], depth: [1, 3] } },
  width: { kind: 'integer', low: 8, high: 29, step: 10 },
})

const notWider: Constraint = { says: 'a is at most b', holds: (p) => Number(p.a) <= Number(p.b) }
/** About half of the points are valid. */
export const constrained = defineSpace(
  'constrained',
  {
    a: { kind: 'integer', low: 0, high: 5 },
    b: { kind: 'integer', low: 0, high: 5 },
    c: { kind: 'categorical', values: ['x', 'y'], when: { a: [1, 2, 3] } },
  },
  [notWider, { says: 'c is y only where b is odd', holds: (p) => p.c !== 'y' || Number(p.b) % 2 === 1 }],
)

/** Valid points have no valid neighbour. */
export const isolated = defineSpace(
  'isolated',
  {
    a: { kind: 'integer', low: 0, high: 4 },
    b: { kind: 'integer', low: 0, high: 4 },
    c: { kind: 'categorical', values: ['x'] },
  },
  [{ says: 'a is b', holds: (p) => p.a === p.b }],
)

export const mixed = defineSpace('mixed', {
  rate: { kind: 'real', low: 1e-4, high: 0.1, log: true },
  decay: { kind: 'real', low: -1, high: 3 },
  fixed: { kind: 'real', low: 0.3, high: 0.3, log: true },
  optimizer: { kind: 'categorical', values: ['sgd', 'adamw', 'rmsprop'] },
  momentum: { kind: 'real', low: 0, high: 0.99, when: { optimizer: ['sgd', 'rmsprop'] } },
  kernel,
  steps: { kind: 'integer', low: 1, high: 2_000_000_000 },
})

export const all: readonly Space[] = [nested, constrained, isolated, mixed]

/** Every point, by trying all combinations of values (or none), without any of the tested code. */
export function enumerate(space: Space): Point[] {
  const values = (c: Choice): readonly (number | string | boolean)[] => {
    if (c.kind === 'categorical') return c.values
    const found: number[] = []
    for (let v = c.low; v <= c.high; v += c.kind === 'integer' ? (c.step ?? 1) : Number.POSITIVE_INFINITY) found.push(v)
    return found
  }
  let points: Point[] = [{}]
  for (const [name, c] of Object.entries(space.choices))
    points = points.flatMap((p) =>
      Object.entries(c.when ?? {}).every(([other, some]) => other in p && some.includes(p[other]))
        ? values(c).map((v) => ({ ...p, [name]: v }))
        : [p],
    )
  return points
}
