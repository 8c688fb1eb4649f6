/** Selects parameters by a list of layers or by a function of the name. */
import { KingletError, nearest } from '../core/index.ts'

/**
 * Names of layers or parameters, or a function that returns true for the name of a selected parameter. `stem` selects
 * `stem.conv.w` and all other parameters below it.
 */
export type Selection = readonly string[] | ((name: string) => boolean)

const isBelow = (name: string, layer: string): boolean => name === layer || name.startsWith(`${layer}.`)

/** Returns the selected `names`. Throws for a layer without parameters; `what` names the option in the error. */
export function select(names: Iterable<string>, selection: Selection, what: string): Set<string> {
  const all = [...names]
  if (typeof selection === 'function') return new Set(all.filter(selection))
  for (const layer of selection) {
    if (all.some((name) => isBelow(name, layer))) continue
    const layers = new Set(all.flatMap((name) => name.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.'))))
    const meant = nearest(layer, layers)
    throw new KingletError(
      `${what}: the network has no layer ${layer}${meant ? ` (did you mean ${meant}?)` : ''}: ` +
        'kinglet summary lists its layers',
    )
  }
  return new Set(all.filter((name) => selection.some((layer) => isBelow(name, layer))))
}
