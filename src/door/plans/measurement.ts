/** What `kinglet measure` measures: the layers of networks that are named, or those that a search space may come to. */
import { key, Rng } from '../../core/index.ts'
import { layerOf, planOf, type Unit, unitKey, unitsOf } from '../../latency/index.ts'
import type { Model } from '../../models/index.ts'
import { brokenBy, listed, makePoint, type Point, type Space, samplePoint } from '../../search/index.ts'

/** Points are drawn until so many in a row had no layer that is new. */
const patience = 200
const mostPoints = 1000

/** For each value of each choice, the points that have it and else the first values there are, or the last. */
function* cornersOf(space: Space): Generator<Point> {
  for (const [name, choice] of Object.entries(space.choices))
    for (const value of listed(choice))
      for (const at of [0, -1]) {
        const point = makePoint(space, (own, c) => (own === name ? value : listed(c).at(at)!))
        if (!brokenBy(space, point)) yield point
      }
}

/** What to measure for a space whose points build these networks: counts in between are interpolated. */
export function planOfSpace(space: Space, networkOf: (point: Point) => Model, seed: number): Unit[] {
  const units = new Map<string, Unit>()
  const layers = new Set<string>()
  /** Whether its network has a layer that those before had not. */
  const add = (point: Point): boolean => {
    const before = layers.size
    for (const unit of unitsOf(networkOf(point))) {
      units.set(unitKey(unit), unit)
      layers.add(layerOf(unit))
    }
    return layers.size > before
  }
  for (const corner of cornersOf(space)) add(corner)
  for (let i = 0, quiet = 0; i < mostPoints && quiet < patience; i++)
    quiet = add(samplePoint(space, new Rng(key(seed, i)))) ? 0 : quiet + 1
  return planOf([...units.values()], { between: true })
}

/** Networks of a space, drawn at random: others than those that the plan was made of. */
export const drawNetworks = (
  space: Space,
  networkOf: (point: Point) => Model,
  count: number,
  seed: number,
): { readonly name: string; readonly model: Model }[] =>
  Array.from({ length: count }, (_, i) => {
    const point = samplePoint(space, new Rng(key(seed, -1, i)))
    return { name: `${space.name} ${i + 1}`, model: networkOf(point) }
  })
