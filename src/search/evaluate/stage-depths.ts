/** The stage depths of points, which supernets need, for spaces whose networks Kinglet builds. */

import { baseOf } from '../space/base.ts'
import type { NetworkSpace } from '../space/index.ts'
import type { Point } from '../space/space.ts'

/**
 * Returns a function that gives the number of blocks in each stage of a point's network.
 *
 * @example
 * ```ts
 * import { defaultPoint, isNetworkSpace, spaceOf, stageDepths } from 'kinglet/search'
 *
 * const space = spaceOf('v3-small')
 * isNetworkSpace(space) && stageDepths(space)(defaultPoint(space)) // => [1, 2, 3, 2, 3]
 * ```
 */
export function stageDepths({ network }: NetworkSpace): (point: Point) => readonly number[] {
  const { table, stages } = baseOf(network)
  return (point) => stages.map((blocks, i) => Number(point[`${table.called}${i + 1}.depth`] ?? blocks.length))
}
