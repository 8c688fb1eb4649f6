/** The spaces that Kinglet has by name, and the points that a search starts from. */

import { assertOptions, checks, nearest, oneOf, UsageError } from '../../core/index.ts'
import { baseOf } from './base.ts'
import { meaningIn, networkChoices, publishedSize } from './meanings.ts'
import { fromUnit, listed, toUnit } from './points.ts'
import { constraintOf } from './rules.ts'
import {
  allows,
  assertPoint,
  type Choice,
  defineSpace,
  makePoint,
  type Point,
  type Scalar,
  type Space,
} from './space.ts'
import { type NetworkSpaceName, networkSpaceNames } from './tables.ts'
import { trainingChoices } from './training.ts'

/** A space whose points describe networks, and optionally their training. Its choices belong to the table `network`. */
export interface NetworkSpace extends Space {
  readonly network: NetworkSpaceName
}

/**
 * Whether the points of a space describe networks.
 *
 * @example
 * ```ts
 * import { isNetworkSpace, joinSpaces, spaceOf } from 'kinglet/search'
 *
 * isNetworkSpace(spaceOf('training')) // => false
 * isNetworkSpace(joinSpaces(spaceOf('ofa'), spaceOf('training'))) // => true
 * ```
 */
export const isNetworkSpace = (space: Space): space is NetworkSpace => 'network' in space

/** The name of a space for {@link spaceOf}. */
export type SpaceName = NetworkSpaceName | 'training'

/**
 * The names of all spaces.
 *
 * @example
 * ```ts
 * import { spaceNames } from 'kinglet/search'
 * spaceNames // => ['v3-small', 'v3-large', 'ofa', 'v1', 'training']
 * ```
 */
export const spaceNames: readonly SpaceName[] = [...networkSpaceNames, 'training']

function networkSpace(name: NetworkSpaceName, size: number): NetworkSpace {
  const choices = networkChoices(name, size)
  const constraints = baseOf(name).table.rules.map((rule) => constraintOf(rule, choices, `space ${name}`))
  return { ...defineSpace(name, choices, constraints), network: name }
}

/**
 * Returns a space by name: a space of architectures, for images of up to `size` pixels (default 224), or `training`.
 * For the form that networks take on small images, see {@link networkOf}.
 *
 * @example
 * ```ts
 * import { defaultPoint, spaceOf } from 'kinglet/search'
 *
 * const space = spaceOf('v3-small', { size: 28 })
 * space.choices.resolution // => { kind: 'categorical', values: [16, 20, 24, 28], ordered: true }
 * defaultPoint(space)['stage4.kernel'] // => 5
 * ```
 */
export function spaceOf(name: SpaceName | (string & {}), options: { readonly size?: number } = {}): Space {
  assertOptions(`space ${name}`, options, { size: checks.count })
  if (name === 'training') return defineSpace(name, trainingChoices)
  const known = networkSpaceNames.find((own) => own === name)
  if (known) return networkSpace(known, options.size ?? publishedSize)
  const meant = nearest(name, spaceNames)
  throw new UsageError(`no space ${name}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(spaceNames)}`)
}

/** The value of a choice that is nearest to `own`, or its first value where they cannot be compared. */
function nearestValue(c: Choice, own: Scalar): Scalar {
  if (allows(c, own)) return own
  const values = listed(c)
  if (typeof own !== 'number' || c.kind === 'real')
    return c.kind === 'real' && typeof own === 'number' ? fromUnit(c, toUnit(c, own)) : values[0]
  const distance = (value: Scalar): number =>
    typeof value === 'number' ? Math.abs(value - own) : Number.POSITIVE_INFINITY
  return values.reduce((best, value) => (distance(value) < distance(best) ? value : best))
}

/**
 * The point that a search starts from: the paper's own network and `fit`'s defaults, or the nearest values that the
 * space has; the largest resolution; the first value of every choice that Kinglet does not know.
 *
 * @example
 * ```ts
 * import { defaultPoint, spaceOf } from 'kinglet/search'
 *
 * const { resolution, 'stage3.depth': depth } = defaultPoint(spaceOf('v3-large'))
 * console.log([resolution, depth]) // => [224, 3]
 * defaultPoint(spaceOf('training')).learningRate // => 0.003
 * ```
 */
export function defaultPoint(space: Space): Point {
  const network = isNetworkSpace(space) ? space.network : undefined
  const point = makePoint(space, (name, c) => {
    const values = listed(c)
    if (name === 'resolution') return values[values.length - 1]
    const meaning = meaningIn(network, name)
    return meaning ? nearestValue(c, meaning.own) : values[0]
  })
  assertPoint(space, point)
  return point
}

/**
 * Joins several spaces, with all their choices and constraints, so that architectures and their training are searched
 * together. Throws a `UsageError` when two of them have a choice of the same name or belong to different networks.
 *
 * @example
 * ```ts
 * import { Rng } from 'kinglet/core'
 * import { joinSpaces, networkOf, samplePoint, spaceOf, trainingOf } from 'kinglet/search'
 *
 * const space = joinSpaces(spaceOf('v3-small', { size: 32 }), spaceOf('training'))
 * const point = samplePoint(space, new Rng(5))
 * networkOf(space, point, { classes: 3 }).classes // => 3
 * Object.keys(trainingOf(point)).slice(0, 3) // => ['learningRate', 'weightDecay', 'labelSmoothing']
 * ```
 */
export function joinSpaces(...spaces: readonly Space[]): Space {
  const name = spaces.map((space) => space.name).join('+')
  const choices: Record<string, Choice> = {}
  for (const space of spaces)
    for (const [own, c] of Object.entries(space.choices)) {
      if (Object.hasOwn(choices, own))
        throw new UsageError(`space ${name}: two of its spaces have a choice ${own}: remove it from one`)
      choices[own] = c
    }
  const networks = [...new Set(spaces.filter(isNetworkSpace).map((space) => space.network))]
  if (networks.length > 1)
    throw new UsageError(`space ${name}: it joins the networks of ${networks.join(' and ')}: keep one of them`)
  const joined = defineSpace(
    name,
    choices,
    spaces.flatMap((space) => space.constraints),
  )
  return networks.length === 1 ? ({ ...joined, network: networks[0] } as NetworkSpace) : joined
}
