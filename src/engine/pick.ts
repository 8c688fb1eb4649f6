/** Picks tensors by name from those of a program, for `read` of both engines. Refuses names that do not exist. */
import { KingletError } from '../core/index.ts'

/** Returns the named tensors of `all`, or all of them without `names`. Throws for an unknown name. */
export function pick<T>(all: ReadonlyMap<string, T>, names?: Iterable<string>): Map<string, T> {
  if (!names) return new Map(all)
  return new Map(
    [...names].map((name) => {
      const t = all.get(name)
      if (!t) throw new KingletError(`read: no parameter ${name}`)
      return [name, t]
    }),
  )
}
