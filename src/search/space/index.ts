/** Spaces of architectures and of training, and what their points are. */
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
