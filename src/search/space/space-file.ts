/**
 * Spaces as JSON. Studies store their space in this form, and people write it by hand.
 *
 *     {
 *       "name": "small-kernels",
 *       "network": "v3-small",
 *       "choices": {
 *         "stage2.kernel": { "kind": "categorical", "values": [3, 5], "ordered": true },
 *         "learningRate": { "kind": "real", "low": 0.001, "high": 0.03, "log": true }
 *       },
 *       "constraints": [{ "atMost": ["stage1.width", "stage2.width"] }]
 *     }
 *
 * With `network`, the choices are those of that table and of training, and any other name is refused. Without it, the
 * evaluation strategy gives them a meaning. A constraint is a rule of `rules.ts`. A function cannot be written as JSON.
 */
import {
  assertOptions,
  type Check,
  type Checks,
  checks,
  isObject,
  KingletError,
  named,
  UsageError,
} from '../../core/index.ts'
import { assertMeanings } from './meanings.ts'
import { isNetworkSpace, type NetworkSpace } from './named.ts'
import { constraintOf, type Rule, type RuledConstraint } from './rules.ts'
import { type Categorical, type Choice, defineSpace, type Integer, type Real, type Space } from './space.ts'
import { type NetworkSpaceName, networkSpaceNames } from './tables.ts'

/**
 * A space as data. A constraint that is a function appears as its words: a study stores that, and a file cannot have
 * it.
 */
export interface SpaceData {
  readonly name: string
  readonly network?: NetworkSpaceName
  readonly choices: Readonly<Record<string, Choice>>
  readonly constraints?: readonly (Rule | string)[]
}

/** A space in the form that a study stores. */
export const spaceData = (space: Space): SpaceData => ({
  name: space.name,
  ...(isNetworkSpace(space) && { network: space.network }),
  choices: space.choices,
  constraints: space.constraints.map((c) => ('rule' in c ? (c as RuledConstraint).rule : c.says)),
})

const isScalar = (v: unknown): boolean => typeof v === 'string' || typeof v === 'boolean' || checks.number.is(v)
const { number } = checks
const scalars: Check = {
  is: (value) => Array.isArray(value) && value.every(isScalar),
  must: 'a list of numbers, strings, true and false',
}
const when: Check = {
  is: (value) => isObject(value) && Object.values(value).every(scalars.is),
  must: 'an object of earlier choices and lists of their values',
}

const members: Checks<SpaceData> = {
  name: { is: (name) => typeof name === 'string' && name !== '', must: 'a string' },
  network: named(networkSpaceNames),
  choices: { is: isObject, must: 'an object of choices' },
  constraints: { is: Array.isArray, must: 'a list of rules' },
}

const kinds: { readonly [C in Choice as C['kind']]: Checks<C> } = {
  categorical: { kind: checks.given, values: scalars, ordered: checks.flag, when } satisfies Checks<Categorical>,
  integer: { kind: checks.given, low: number, high: number, step: checks.count, when } satisfies Checks<Integer>,
  real: { kind: checks.given, low: number, high: number, log: checks.flag, when } satisfies Checks<Real>,
}
const optional = ['ordered', 'step', 'log', 'when', 'network', 'constraints']

/** Throws a `UsageError` for an unknown, invalid or missing member. */
function assertMembers(what: string, given: object, table: Readonly<Record<string, Check>>): void {
  assertOptions(what, given, table)
  for (const [name, { must }] of Object.entries(table))
    if (!optional.includes(name) && !Object.hasOwn(given, name))
      throw new UsageError(`${what}: ${name} is missing: it must be ${must}`)
}

function assertChoice(what: string, given: Choice): void {
  const kind = given?.kind
  if (!Object.hasOwn(kinds, kind ?? ''))
    throw new UsageError(`${what}: kind is ${JSON.stringify(kind)}: it must be ${named(Object.keys(kinds)).must}`)
  assertMembers(what, given, kinds[kind])
}

function spaceFrom(data: SpaceData, what: string): Space {
  assertMembers(what, data, members)
  for (const [name, c] of Object.entries(data.choices)) assertChoice(`${what}: choice ${name}`, c)
  const { name, network, choices, constraints = [] } = data
  const rules = constraints.map((rule) => constraintOf(rule as Rule, choices, what))
  const space = defineSpace(name, choices, rules)
  if (network) assertMeanings(choices, network, what)
  return network ? ({ ...space, network } as NetworkSpace) : space
}

/**
 * Reads a space from JSON. `what` names the file in errors. Throws a `KingletError` for an invalid space, with the
 * choice, its value and the valid values.
 *
 * @example
 * ```ts
 * import { countPoints, readSpace, spaceOf, writeSpace } from 'kinglet/search'
 *
 * const text = '{ "name": "k", "network": "v1", "choices": { "layer2.width": { "kind": "categorical", "values": [64, 96] } } }'
 * countPoints(readSpace(text, 'k.json')) // => 2
 * const space = spaceOf('v3-large')
 * readSpace(writeSpace(space), 'v3-large.json').constraints[0].says // => 'stage1.width is at most stage2.width'
 * ```
 */
export function readSpace(text: string, what: string): Space {
  let data: SpaceData
  try {
    data = JSON.parse(text)
  } catch (cause) {
    throw new KingletError(`${what}: it is not JSON (${(cause as Error).message}): correct it`, { cause })
  }
  try {
    return spaceFrom(data, what)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const said = error.message.startsWith(what) ? error.message : `${what}: ${error.message}`
    throw new KingletError(said, { cause: error })
  }
}

/**
 * Returns the JSON text of a space, which {@link readSpace} reads. Throws a `UsageError` for a constraint that is a
 * function.
 */
export function writeSpace(space: Space): string {
  const data = spaceData(space)
  const words = data.constraints?.find((c) => typeof c === 'string')
  if (words !== undefined)
    throw new UsageError(
      `space ${space.name}: its constraint "${words}" is a function: make it with constraintOf to write it`,
    )
  return `${JSON.stringify(data, undefined, 2)}\n`
}
