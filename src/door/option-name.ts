/**
 * Maps a member of an options object to its name in errors. Applications use member names, the command line uses flags.
 * Code that checks options for both takes this function from its caller.
 */
export type OptionName = (member: string) => string

/** Uses the name of the member: `trialSeconds`. */
export const memberName: OptionName = (member) => member
