/** Search spaces as text: names separated by commas, and other names that the caller can read. */
import { UsageError } from '../../core/index.ts'
import { isNetworkSpace, joinSpaces, type NetworkSpace, type Space, spaceNames, spaceOf } from '../../search/index.ts'
import { memberName, type OptionName } from '../option-name.ts'

export interface SpaceNamedOptions {
  /** Largest side of the input image, for spaces with a resolution. */
  readonly size?: number | undefined
  /** Reads a space whose name Kinglet does not know, such as a file; returns undefined for an unknown name. */
  readonly read?: (name: string) => Space | undefined
}

/** Joins the named spaces. Throws a `UsageError` for an unknown name. */
export function spaceNamed(text: string, { size, read }: SpaceNamedOptions = {}): Space {
  const isKnown = (name: string) => (spaceNames as readonly string[]).includes(name)
  const spaces = text
    .split(',')
    .map((name) => (isKnown(name) ? undefined : read?.(name)) ?? spaceOf(name, size === undefined ? {} : { size }))
  return spaces.length === 1 ? spaces[0] : joinSpaces(...spaces)
}

/** Throws a `UsageError` for a space that has training options only. */
export function assertNetworks(space: Space, called: OptionName = memberName): asserts space is NetworkSpace {
  if (!isNetworkSpace(space))
    throw new UsageError(
      `${called('space')} ${space.name}: it has no networks: join it with a space that has, such as v3-small,${space.name}`,
    )
}
