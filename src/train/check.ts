/** Resolves optimisers and schedules, given as a name or as an object with `name` and options. */
import { assertOptions, type Check, type Checks, nearest, oneOf, UsageError } from '../core/index.ts'

/** A kind of optimiser or schedule: the defaults and the checks of its options. */
export interface Kind<O> {
  readonly defaults: O
  readonly checks: Checks<O>
}

/**
 * Returns the kind that `given` names, with all its options. Throws a `UsageError` for an unknown name or an invalid
 * option. `what` names the category in errors.
 */
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
