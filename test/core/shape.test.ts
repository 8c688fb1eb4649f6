/** Shapes, strides and broadcasting, for shapes of any rank. */
import { describe, expect, test } from 'vitest'
import {
  assertShape,
  broadcastShapes,
  broadcastStrides,
  type Shape,
  sameShape,
  size,
  stridesOf,
} from '../../src/core/index.ts'
import { fc, shapes } from '../support/property.ts'

/** All coordinates of a shape, in row-major order. */
function coordinatesOf(shape: Shape): number[][] {
  let all: number[][] = [[]]
  for (const d of shape) all = all.flatMap((c) => Array.from({ length: d }, (_, i) => [...c, i]))
  return all
}
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0)

test('strides count the elements in row-major order', () => {
  fc.assert(
    fc.property(shapes(), (shape) => {
      const all = coordinatesOf(shape)
      expect(size(shape)).toBe(all.length)
      expect(all.map((c) => dot(c, stridesOf(shape)))).toEqual(all.map((_, i) => i))
    }),
  )
})

describe('broadcasting', () => {
  /** NumPy's rule by itself: both filled up with ones at the left. */
  function byRule(a: Shape, b: Shape): number[] | undefined {
    const rank = Math.max(a.length, b.length)
    const [p, q] = [a, b].map((shape) => [...Array<number>(rank - shape.length).fill(1), ...shape])
    return p.some((d, i) => d !== q[i] && d !== 1 && q[i] !== 1) ? undefined : p.map((d, i) => (d === 1 ? q[i] : d))
  }
  const tried = (a: Shape, b: Shape): Shape | undefined => {
    try {
      return broadcastShapes(a, b, 'add')
    } catch (error) {
      const [first, second] = [a, b].map((shape) => `[${shape.join(', ')}]`)
      expect(String(error)).toContain(`KingletError: add: shapes ${first} and ${second} do not broadcast: dimension `)
      return undefined
    }
  }

  test('follows the rule of NumPy, in either order, and refuses all else', () => {
    // Dimensions of 1 and 2: half of the pairs broadcast.
    fc.assert(
      fc.property(shapes(4, 3), shapes(4, 3), (a, b) => {
        expect(tried(a, b)).toEqual(byRule(a, b))
        expect(tried(b, a)).toEqual(byRule(a, b))
      }),
    )
  })

  test('of three shapes is the same whichever two come first', () => {
    fc.assert(
      fc.property(shapes(3, 2), shapes(3, 2), shapes(3, 2), (a, b, c) => {
        const join = (x: Shape, y: Shape) => broadcastShapes(x, y, 'join')
        expect(join(join(a, b), c)).toEqual(join(a, join(b, c)))
      }),
    )
  })

  test('reads at each coordinate the element of an operand that stands there, or stretches to it', () => {
    const stretched = shapes().chain((to) =>
      fc.record({
        to: fc.constant(to),
        from: fc
          .tuple(fc.nat(to.length), fc.array(fc.boolean(), { minLength: to.length, maxLength: to.length }))
          .map(([drop, ones]) => to.map((d, i) => (ones[i] ? 1 : d)).slice(drop)),
      }),
    )
    fc.assert(
      fc.property(stretched, ({ from, to }) => {
        expect(broadcastShapes(from, to, 'read')).toEqual(to)
        const strides = broadcastStrides(from, to)
        for (const c of coordinatesOf(to)) {
          const own = c.slice(to.length - from.length).map((x, i) => (from[i] === 1 ? 0 : x))
          expect(dot(c, strides)).toBe(dot(own, stridesOf(from)))
        }
      }),
    )
  })
})

test('shapes are the same when all dimensions are', () => {
  fc.assert(
    fc.property(shapes(3, 2), shapes(3, 2), (a, b) => {
      expect(sameShape(a, b)).toBe(JSON.stringify(a) === JSON.stringify(b))
    }),
  )
})

test('a dimension that is no positive integer is refused', () => {
  const wrong = fc.oneof(
    fc.integer({ max: 0 }),
    fc.double().filter((x) => !Number.isInteger(x)),
  )
  fc.assert(
    fc.property(shapes(), wrong, fc.nat(4), (shape, d, at) => {
      assertShape(shape, 'x')
      const bad = [...shape.slice(0, at), d, ...shape.slice(at)]
      expect(() => assertShape(bad, 'x')).toThrow(
        `x: shape [${bad.join(', ')}] has a dimension that is not a positive integer`,
      )
    }),
  )
})
