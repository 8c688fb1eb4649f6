/** The contender's side of a process: runs the command of each message and sends its result or error. */
import { existsSync, readFileSync } from 'node:fs'

/** Peak memory of this process. Linux reports it for the process alone; `maxRSS` starts with the parent's. */
function peakBytes() {
  const status = '/proc/self/status'
  const own = existsSync(status) && /VmHWM:\s+(\d+)/.exec(readFileSync(status, 'utf8'))
  return 1024 * (own ? Number(own[1]) : process.resourceUsage().maxRSS)
}

/** @param {Record<string, (options: object) => Promise<any>>} commands `end`, which ends the process, is added */
export function answerMessages(commands) {
  const all = { ...commands, end: async () => ({ peakBytes: peakBytes() }) }
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
