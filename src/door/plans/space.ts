/** Search spaces as text: names with commas between them, and whatever else the caller can read. */
import { UsageError } from '../../core/index.ts'
import { isNetworkSpace, joinSpaces, type NetworkSpace, type Space, spaceNames, spaceOf } from '../../search/index.ts'
import { memberName, type OptionName } from '../option-name.ts'

export interface SpaceNamedOptions {
  /** Largest side of an image, of spaces that have a resolution. */
  readonly size?: number | undefined
  /** A space by a name that Kinglet has not, that of a file, say; undefined for what is no such name. */
  readonly read?: (name: string) => Space | undefined
}

/** The space that names make together. Throws a `UsageError` for a name that there is not. */
export function spaceNamed(text: string, { size, read }: SpaceNamedOptions = {}): Space {
  const isKnown = (name: string) => (spaceNames as readonly string[]).includes(name)
  const spaces = text
    .split(',')
    .map((name) => (isKnown(name) ? undefined : read?.(name)) ?? spaceOf(name, size === undefined ? {} : { size }))
  return spaces.length === 1 ? spaces[0] : joinSpaces(...spaces)
}

/** Throws a `UsageError` for a space of training alone. */
export function assertNetworks(space: Space, called: OptionName = memberName): asserts space is NetworkSpace {
  if (!isNetworkSpace(space))
    throw new UsageError(
      `${called('space')} ${space.name}: it has no networks: join it with one that has, v3-small,${space.name}`,
    )
}
