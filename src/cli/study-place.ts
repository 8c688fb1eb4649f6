/** Studies by their place, as commands are given it: a folder. */
import type { Damage, Store } from '../search/node.ts'
import { openStudy } from '../search/node.ts'

export interface OpenPlace {
  readonly store: Store
  /** What could not be read, as sentences. */
  warnings(): string[]
}

/** Opens a study that is there. */
export function openPlace(place: string): OpenPlace {
  const store = openStudy(place)
  const say = ({ line, what, isCutOff }: Damage) =>
    `${store.journal}: line ${line}: ${what}: ${isCutOff ? 'it was never counted' : 'it is left out, all else is read'}`
  return { store, warnings: () => store.damage().map(say) }
}
