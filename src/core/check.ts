/**
 * Checks of values from outside. A table says what each value must be; errors name the option, the value and the way
 * out. All numbers in options, flags and files use these checks. `read.ts` reads them from text.
 */
import { nearest, oneOf, UsageError } from './errors.ts'
import { isNumber } from './numbers.ts'

export interface Check {
  readonly is: (value: unknown) => boolean
  readonly must: string
}

/** The check of each member of `T`. A member that is left out is not checked. */
export type Checks<T> = { readonly [K in keyof T]-?: Check }

/** An object in the sense of JSON: neither an array nor null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A number from `low` to `high`. */
export const between = (low: number, high: number, must = `a number from ${low} to ${high}`): Check => ({
  is: (n) => isNumber(n) && n >= low && n <= high,
  must,
})

/** A number of `low` or more. */
export const atLeast = (low: number): Check => ({
  is: (n) => isNumber(n) && n >= low,
  must: `a number, ${low} or more`,
})

/** An integer from `low` to `high`. */
export const integerBetween = (low: number, high: number, must: string): Check => ({
  is: (n) => Number.isSafeInteger(n) && Number(n) >= low && Number(n) <= high,
  must,
})

/** A multiple of `factor` above 0. */
export const multipleOf = (factor: number): Check => ({
  is: (n) => Number.isSafeInteger(n) && Number(n) > 0 && Number(n) % factor === 0,
  must: `a positive multiple of ${factor}`,
})

/** One of these names. */
export const named = (names: readonly string[]): Check => ({
  is: (value) => names.includes(value as string),
  must: oneOf(names),
})

/** A string that looks like a number is quoted: '3' is not 3. */
const show = (value: unknown): string =>
  typeof value === 'number' || (typeof value === 'string' && Number.isNaN(Number(value)))
    ? String(value)
    : (JSON.stringify(value) ?? String(value))

/**
 * Throws a `UsageError` when the options are not an object, have a member that `members` does not have, or have an
 * invalid value.
 */
export function assertOptions(what: string, given: object, members: Readonly<Record<string, Check>>): void {
  if (!isObject(given)) {
    const [first] = Object.keys(members)
    throw new UsageError(`${what}: options are ${show(given)}: give an object, { ${first}: ... }`)
  }
  for (const [name, value] of Object.entries(given)) {
    const check = Object.hasOwn(members, name) ? members[name] : undefined
    if (!check) {
      const meant = nearest(name, Object.keys(members))
      throw new UsageError(
        `${what}: no option ${name}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(Object.keys(members))}`,
      )
    }
    if (value !== undefined && !check.is(value))
      throw new UsageError(`${what}: ${name} is ${show(value)}: it must be ${check.must}`)
  }
}
