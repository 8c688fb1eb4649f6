/** Finds the lowest cost of a space's networks, to refuse an unreachable budget before training. */
import { KingletError, key, Rng } from '../core/index.ts'
import { type Budget, showBudget, showResource } from '../latency/index.ts'
import { listed, samplePoint } from './space/points.ts'
import { brokenBy, makePoint, type Point, pointKey, type Space } from './space/space.ts'

/**
 * The smallest value of a space's points, and a point that has it. From a few random points, each choice in turn takes
 * its best value until none improves. The result is exact where choices act independently, as channels, kernels and
 * resolution nearly do on costs.
 */
export function smallestIn(
  space: Space,
  value: (point: Point) => number,
  seed = 0,
): { readonly point: Point; readonly value: number } {
  const known = new Map<string, number>()
  const costOf = (point: Point): number => {
    const name = pointKey(point)
    const found = known.get(name) ?? value(point)
    known.set(name, found)
    return found
  }
  let best: { point: Point; value: number } | undefined
  for (let start = 0; start < 3; start++) {
    let point = samplePoint(space, new Rng(key(seed, start)))
    for (let improved = true; improved; ) {
      improved = false
      for (const name of Object.keys(space.choices)) {
        for (const candidate of changed(space, point, name)) {
          if (costOf(candidate) >= costOf(point)) continue
          point = candidate
          improved = true
        }
      }
    }
    if (!best || costOf(point) < best.value) best = { point, value: costOf(point) }
  }
  return best!
}

/** The points that differ from `point` in one choice, with newly active choices at their first value. */
function changed(space: Space, point: Point, name: string): Point[] {
  if (!Object.hasOwn(point, name)) return []
  return listed(space.choices[name])
    .filter((value) => value !== point[name])
    .map((value) =>
      makePoint(space, (own, choice) =>
        own === name ? value : Object.hasOwn(point, own) ? point[own] : listed(choice)[0],
      ),
    )
    .filter((candidate) => !brokenBy(space, candidate))
}

/**
 * Throws a `KingletError` with the smallest possible value unless some network of the space meets the budget. `value`
 * gives the value of a point, or infinity for a point that the space does not build.
 */
export function assertReachable(space: Space, budget: Budget, value: (point: Point) => number): void {
  const smallest = smallestIn(space, value)
  if (smallest.value <= budget.most) return
  throw new KingletError(
    `space ${space.name}: no network has ${showBudget(budget)}: the smallest there is has ` +
      `${showResource(budget.resource, smallest.value)}: raise the budget, or choose another space`,
  )
}
