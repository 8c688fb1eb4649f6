/** Spaces of architectures and of training options, and the meaning of their points. */
export {
  defaultPoint,
  isNetworkSpace,
  joinSpaces,
  type NetworkSpace,
  type SpaceName,
  spaceNames,
  spaceOf,
} from './named.ts'
export { type NetworkOptions, networkOf } from './network.ts'
export { constraintOf, type Rule, type RuledConstraint } from './rules.ts'
export { readSpace, type SpaceData, spaceData, writeSpace } from './space-file.ts'
export { type NetworkSpaceName, networkSpaceNames } from './tables.ts'
export { trainingOf } from './training.ts'
