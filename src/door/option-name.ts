/**
 * How errors call an option. An application knows the members of an options object; a person at the command line knows
 * flags. Whoever checks options for both is given how to call them.
 */
export type OptionName = (member: string) => string

/** By the name of the member itself: `trialSeconds`. */
export const memberName: OptionName = (member) => member
