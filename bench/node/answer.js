/** The contender's side of a process: runs the command that each message names and sends its result or error. */

/** @param {Record<string, (options: object) => Promise<any>>} commands `end`, which ends the process, is added */
export function answerMessages(commands) {
  const all = { ...commands, end: async () => ({ peakBytes: process.resourceUsage().maxRSS * 1024 }) }
  const answer = async (command, options) => {
    try {
      return { ok: await all[command](options) }
    } catch (error) {
      return { error: error?.stack ?? String(error) }
    }
  }
  process.on('message', async ({ command, ...options }) => {
    process.send(await answer(command, options), () => {
      if (command === 'end') process.exit(0)
    })
  })
}
