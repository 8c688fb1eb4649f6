/** The plan of `kinglet measure --space`: the layers that the networks of a search space can have. */
import { key, Rng } from '../../core/index.ts'
import { layerOf, planOf, type Unit, unitKey, unitsOf } from '../../latency/index.ts'
import type { Model } from '../../models/index.ts'
import { brokenBy, listed, makePoint, type Point, type Space, samplePoint } from '../../search/index.ts'

/** Drawing stops after this many consecutive points without a new layer. */
const patience = 200
const mostPoints = 1000

/**
 * For each value of each choice: points with this value and the first values of all other choices, or the last ones.
 */
function* cornersOf(space: Space): Generator<Point> {
  for (const [name, choice] of Object.entries(space.choices))
    for (const value of listed(choice))
      for (const at of [0, -1]) {
        const point = makePoint(space, (own, c) => (own === name ? value : listed(c).at(at)!))
        if (!brokenBy(space, point)) yield point
      }
}

/**
 * Returns the units to measure for a space; `networkOf` builds its networks. Channel counts in between are
 * interpolated.
 */
export function planOfSpace(space: Space, networkOf: (point: Point) => Model, seed: number): Unit[] {
  const units = new Map<string, Unit>()
  const layers = new Set<string>()
  /** Adds the units of a network. Returns whether it has a new layer. */
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

/** Draws random networks of a space, with a random stream other than that of the plan. */
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
