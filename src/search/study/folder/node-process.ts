/**
 * Names of processes that are not used again: number and start time, so that a process that got the number of one that
 * ended is not taken for it. A name is all that a lock needs to end with its process: nothing has to be cleared away.
 *
 * Linux tells start times in /proc, other Unix systems by `ps`. Where neither does (Windows), the number alone counts,
 * and a lock may last until the process that got the number ends too. Processes of other machines and of other
 * containers cannot be seen, and count as ended.
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

/** When a process began, in some unit: from /proc, with what tells this start of the machine from others. */
function startInProc(pid: number): string | undefined {
  const boot = textOf('/proc/sys/kernel/random/boot_id')
  const stat = textOf(`/proc/${pid}/stat`)
  if (boot === undefined || stat === undefined) return undefined
  // The name, in brackets, may hold anything; after it come the state, and 19 fields on the start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Z and X: it has ended, and its parent has not looked yet.
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

/** `pid.start`, of this process or another. `starts` is for tests. */
export const processName = (pid = process.pid, starts: StartOf = startOf): string => `${pid}.${hex(starts(pid) ?? '')}`

/** Whether the process of that name runs. */
export function isRunning(name: string, starts: StartOf = startOf): boolean {
  const [pid, start] = [Number(name.split('.')[0]), name.split('.')[1]]
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is another person's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = starts(pid)
  return now === undefined || hex(now) === start
}

export { startByPs, startInProc }
