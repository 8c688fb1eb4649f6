/**
 * Process names that are never reused: process number and start time, so that a process that reuses the number of an
 * ended one is not mistaken for it. A lock that holds such a name ends with its process, and nothing has to be cleaned
 * up. Linux has start times in /proc, other Unix systems in `ps`. Where neither exists (Windows), the number alone
 * counts, and a lock may last until the process that reuses the number ends. Processes of other machines and containers
 * are not visible and count as ended.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { crc32 } from '../../../formats/index.ts'

const hex = (text: string): string => crc32(new TextEncoder().encode(text)).toString(16).padStart(8, '0')

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** The start of a process, in an arbitrary unit: from /proc, with an identifier of the machine's boot. */
function startInProc(pid: number): string | undefined {
  const boot = textOf('/proc/sys/kernel/random/boot_id')
  const stat = textOf(`/proc/${pid}/stat`)
  if (boot === undefined || stat === undefined) return undefined
  // The name, in parentheses, may contain anything. The state follows it, and 19 fields later the start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Z and X: the process has ended, and its parent has not collected it yet.
  return 'ZX'.includes(fields[0]) ? 'ended' : `${boot.trim()} ${fields[19]}`
}

function startByPs(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  })
  return stdout?.trim() || undefined
}

type StartOf = (pid: number) => string | undefined
const startOf: StartOf = process.platform === 'linux' ? startInProc : startByPs

/** The name `pid.start` of this process or another. `starts` is for tests. */
export const processName = (pid = process.pid, starts: StartOf = startOf): string => `${pid}.${hex(starts(pid) ?? '')}`

/** Whether the process of this name is running. */
export function isRunning(name: string, starts: StartOf = startOf): boolean {
  const [pid, start] = [Number(name.split('.')[0]), name.split('.')[1]]
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: the process belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = starts(pid)
  return now === undefined || hex(now) === start
}

export { startByPs, startInProc }
