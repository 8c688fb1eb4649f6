/** NetAdapt, except the parts that need Node. */
export { type AdaptEvent, adapt } from './adapt.ts'
export { type ChannelGroup, type Channels, channelGroupsOf, type Slice } from './channels.ts'
export type { CountLimits, Proposal } from './counts.ts'
export { type Field, type Group, type GroupKind, groupsOf } from './groups.ts'
export { type AdaptOptions, fineTuningRate, type Learning } from './options.ts'
export {
  type Candidate,
  type Pace,
  type PaceName,
  type PaceRule,
  type ProposalName,
  type ProposalRule,
  paceNames,
  proposalNames,
  type SelectionName,
  type SelectionRule,
  selectionNames,
} from './rules.ts'
export { shrink } from './shrink.ts'
export type { AdaptIdentity, AdaptPoint, AdaptRun, AdaptStore, Judged, Tuned } from './store.ts'
