/**
 * Grid search: all points in order, the last choice varying fastest. Real choices are cut into levels. Refuses trials
 * beyond the last point.
 */
import { checks, UsageError } from '../../core/index.ts'
import { allPoints } from '../space/points.ts'
import type { Point, Space } from '../space/space.ts'
import type { Algorithm } from './algorithm.ts'
import { resolveOptions } from './observations.ts'

export interface GridOptions {
  /** Number of values of each real choice, both ends included. Default 5. */
  readonly levels: number
}

/** See {@link algorithmOf}. */
export function grid(options: Partial<GridOptions> = {}): Algorithm {
  const own = resolveOptions('grid', options, { levels: 5 }, { levels: checks.count })
  // A cache of the points enumerated so far, so that each trial does not start again from the first point.
  const known = new WeakMap<Space, { readonly points: Point[]; readonly rest: Generator<Point> }>()
  return {
    name: 'grid',
    options: { ...own },
    ask({ space }, _, number) {
      const listed = known.get(space) ?? { points: [], rest: allPoints(space, own.levels) }
      known.set(space, listed)
      while (listed.points.length <= number) {
        const next = listed.rest.next()
        if (next.done) {
          const { length } = listed.points
          const isCut = Object.values(space.choices).some((c) => c.kind === 'real')
          throw new UsageError(
            `grid: space ${space.name} has ${length} points, and this is trial ${number + 1}: ` +
              `ask for ${length} trials at most${isCut ? `, or cut real choices into more than ${own.levels} levels` : ''}`,
          )
        }
        listed.points.push(next.value)
      }
      return listed.points[number]
    },
  }
}
