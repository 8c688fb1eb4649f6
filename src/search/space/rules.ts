/**
 * Constraints as data, so that a space can be written to a file. Each rule is an object with one member, whose name is
 * in the table below. A rule applies to active choices only: it holds when any of its choices is inactive.
 */
import { checks, isObject, KingletError, nearest, oneOf } from '../../core/index.ts'
import {
  allows,
  type Choice,
  type Condition,
  type Constraint,
  describeChoice,
  isActive,
  list,
  type Point,
  type Scalar,
} from './space.ts'

/**
 * - `atMost`: the first choice's value is not above the second's.
 * - `sumAtMost`: the sum of the choices' values is not above the limit.
 * - `never`: the choices do not all have one of these values at once.
 */
export type Rule =
  | { readonly atMost: readonly [smaller: string, larger: string] }
  | { readonly sumAtMost: { readonly of: readonly string[]; readonly limit: number } }
  | { readonly never: Condition }

/** A constraint that can be written to a file. */
export interface RuledConstraint extends Constraint {
  readonly rule: Rule
}

type Choices = Readonly<Record<string, Choice>>

interface Kind<D> {
  /** The valid form, for errors. */
  readonly must: string
  is(data: unknown): boolean
  /** Names of choices that must exist, and be numeric where `numeric` is true. */
  named(data: D): readonly string[]
  readonly numeric: boolean
  /** The values that the rule names for a choice. */
  values?(data: D, choice: string): readonly Scalar[]
  says(data: D): string
  holds(data: D, point: Point): boolean
}

const areNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string')

type Kinds = { [K in Rule as keyof K]: Kind<K[keyof K]> }
const kinds: Kinds = {
  atMost: {
    must: 'the names of two choices',
    is: (data) => areNames(data) && data.length === 2,
    named: (data) => data,
    numeric: true,
    says: ([smaller, larger]) => `${smaller} is at most ${larger}`,
    holds: ([smaller, larger], point) => point[smaller] <= point[larger],
  },
  sumAtMost: {
    must: '{ "of": names of choices, "limit": a number }',
    is: (data) => isObject(data) && areNames(data.of) && checks.number.is(data.limit) && Object.keys(data).length === 2,
    named: ({ of }) => of,
    numeric: true,
    says: ({ of, limit }) => `${of.join(' + ')} is at most ${limit}`,
    holds: ({ of, limit }, point) => of.reduce((sum, name) => sum + Number(point[name]), 0) <= limit,
  },
  never: {
    must: 'an object of choices and lists of their values',
    is: (data) =>
      isObject(data) &&
      Object.keys(data).length > 0 &&
      Object.values(data).every((v) => Array.isArray(v) && v.length > 0),
    named: (data) => Object.keys(data),
    numeric: false,
    values: (data, choice) => data[choice],
    says: (data) =>
      `never ${Object.entries(data)
        .map(([name, values]) => `${name} is ${list(values)}`)
        .join(' and ')}`,
    holds: (data, point) => !isActive({ kind: 'categorical', values: [], when: data }, point),
  },
}

const isNumeric = (c: Choice): boolean => c.kind !== 'categorical' || c.values.every((v) => typeof v === 'number')

/**
 * Makes a constraint from a rule. Throws a `KingletError` that starts with `what` for an invalid rule, and for choices
 * and values that the space does not have.
 *
 * @example
 * ```ts
 * import { allPoints, type Choice, constraintOf, countPoints, defineSpace } from 'kinglet/search'
 *
 * const depth: Choice = { kind: 'integer', low: 1, high: 4 }
 * const choices = { first: depth, second: depth }
 * const space = defineSpace('two', choices, [constraintOf({ atMost: ['first', 'second'] }, choices, 'two')])
 * countPoints(space) // => 16
 * const valid = [...allPoints(space)].length
 * console.log(valid) // => 10
 * ```
 */
export function constraintOf(rule: Rule, choices: Choices, what: string): RuledConstraint {
  const shown = JSON.stringify(rule)
  const [name, ...others] = isObject(rule) ? Object.keys(rule) : []
  if (name === undefined || others.length > 0 || !Object.hasOwn(kinds, name))
    throw new KingletError(`${what}: constraint ${shown}: it must have one member, ${oneOf(Object.keys(kinds))}`)
  const kind = kinds[name as keyof Kinds] as Kind<unknown>
  const data = (rule as Readonly<Record<string, unknown>>)[name]
  if (!kind.is(data)) throw new KingletError(`${what}: constraint ${shown}: ${name} must be ${kind.must}`)
  const named = kind.named(data)
  for (const choice of named) {
    if (!Object.hasOwn(choices, choice)) {
      const meant = nearest(choice, Object.keys(choices))
      throw new KingletError(
        `${what}: constraint ${shown}: no choice ${choice}${meant ? ` (did you mean ${meant}?)` : ''}: ` +
          `use ${oneOf(Object.keys(choices))}`,
      )
    }
    const c = choices[choice]
    if (kind.numeric && !isNumeric(c))
      throw new KingletError(
        `${what}: constraint ${shown}: ${choice} is ${describeChoice(c)}: ${name} compares numbers, use never`,
      )
    for (const value of kind.values?.(data, choice) ?? [])
      if (!allows(c, value))
        throw new KingletError(
          `${what}: constraint ${shown}: ${choice} is never ${JSON.stringify(value)}: it is ${describeChoice(c)}`,
        )
  }
  return {
    rule,
    says: kind.says(data),
    holds: (point) => named.some((choice) => !Object.hasOwn(point, choice)) || kind.holds(data, point),
  }
}
