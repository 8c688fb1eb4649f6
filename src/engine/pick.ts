import { KingletError } from '../core/index.ts'

/** The tensors of `all` that are named; all of them when no names are given. Throws for a name that is not there. */
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
