/** Which parameters a list of layers, or a function of the name, means. */
import { KingletError, nearest } from '../core/index.ts'

/**
 * Names of layers or parameters (`stem` means `stem.conv.w` and all others below it), or a function that is true for
 * a parameter's name.
 */
export type Selection = readonly string[] | ((name: string) => boolean)

const isBelow = (name: string, layer: string): boolean => name === layer || name.startsWith(`${layer}.`)

/** Those of `names` that `selection` means. Throws for a layer that none of them belongs to; `what` names the option. */
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
