/** How options are checked: what each must be stands in a table, and errors name option, value and the way out. */
import { nearest, oneOf, UsageError } from '../core/index.ts'

export interface Check {
  readonly is: (value: unknown) => boolean
  readonly must: string
}

/** What each member of `T` must be; members that may be left out are not checked when they are. */
export type Checks<T> = { readonly [K in keyof T]-?: Check }

const isNumber = (n: unknown): n is number => typeof n === 'number' && Number.isFinite(n)

export const checks = {
  count: { is: (n) => Number.isSafeInteger(n) && Number(n) > 0, must: 'a positive integer' },
  whole: { is: (n) => Number.isSafeInteger(n) && Number(n) >= 0, must: 'a whole number, 0 or more' },
  positive: { is: (n) => isNumber(n) && n > 0, must: 'a number above 0' },
  nonNegative: { is: (n) => isNumber(n) && n >= 0, must: 'a number, 0 or more' },
  share: { is: (n) => isNumber(n) && n >= 0 && n < 1, must: 'a number from 0 up to, but not including, 1' },
  fraction: { is: (n) => isNumber(n) && n >= 0 && n <= 1, must: 'a number from 0 to 1' },
  flag: { is: (b) => typeof b === 'boolean', must: 'true or false' },
} as const satisfies Record<string, Check>

/** A string that reads as a number is quoted: '3' is not 3. */
const show = (value: unknown): string =>
  typeof value === 'number' || (typeof value === 'string' && Number.isNaN(Number(value)))
    ? String(value)
    : (JSON.stringify(value) ?? String(value))

/** Throws a `UsageError` for a member that `members` does not have, and for a value that cannot be. */
export function assertOptions(what: string, given: object, members: Readonly<Record<string, Check>>): void {
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

/** A kind of optimiser or schedule: values of its options when they are left out, and what each must be. */
export interface Kind<O> {
  readonly defaults: O
  readonly checks: Checks<O>
}

/** The kind that `given` names, with its options in full. `given` is a name, or an object with `name` and options. */
export function resolveKind<T extends { readonly name: string }>(
  what: string,
  given: string | { readonly name: string },
  kinds: Readonly<Record<string, { readonly defaults: object; readonly checks: object }>>,
): T {
  const { name, ...options } = typeof given === 'string' ? { name: given } : given
  if (!Object.hasOwn(kinds, name)) {
    const meant = nearest(String(name), Object.keys(kinds))
    throw new UsageError(
      `there is no ${what} ${name}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(Object.keys(kinds))}`,
    )
  }
  const { defaults, checks } = kinds[name]
  assertOptions(`${what} ${name}`, options, checks as Record<string, Check>)
  const left = Object.entries(options).filter(([, value]) => value !== undefined)
  return { name, ...defaults, ...Object.fromEntries(left) } as unknown as T
}
