/** Optimisers and schedules: a name, or an object with `name` and options of its own. */
import { assertOptions, type Check, type Checks, nearest, oneOf, UsageError } from '../core/index.ts'

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
