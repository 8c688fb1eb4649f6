import { expect, test } from 'vitest'
import { Rng, zeros } from '../../../src/core/index.ts'
import { parametersOf } from '../../../src/graph/index.ts'
import { subNetwork } from '../../../src/search/evaluate/slices.ts'
import { stageDepths } from '../../../src/search/evaluate/stage-depths.ts'
import { extremePoint } from '../../../src/search/evaluate/supernet-options.ts'
import { isNetworkSpace, networkOf, spaceOf } from '../../../src/search/space/index.ts'
import { samplePoint } from '../../../src/search/space/points.ts'
import type { Point } from '../../../src/search/space/space.ts'

test.each(['v3-small', 'ofa', 'v1'])('every point of %s is a slice of its largest', async (name) => {
  const space = spaceOf(name, { size: 16 })
  if (!isNetworkSpace(space)) throw new Error(name)
  const buildAt = (point: Point) => networkOf(space, point, { classes: 3 })
  const largest = extremePoint(space, 'largest')
  const supernet = buildAt(largest)
  // Zeros: drawing millions of parameters would take longer than the rest of the test.
  supernet.weights = new Map([...parametersOf(supernet.graph())].map(([own, { shape }]) => [own, zeros(shape)]))
  const drawn = [1, 2, 3].map((seed) => samplePoint(space, new Rng(seed)))
  for (const point of [largest, extremePoint(space, 'smallest'), ...drawn]) {
    const { weights } = await subNetwork(supernet, point, { networkOf: buildAt, depthsOf: stageDepths(space), largest })
    expect([...weights.keys()]).toEqual([...parametersOf(buildAt(point).graph()).keys()])
  }
})
