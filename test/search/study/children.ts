/** Processes that work on a study, for tests that kill them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { build } from 'esbuild'
import { temporaryFolder } from '../../support/folders.ts'
import { root } from '../../support/sources.ts'

let file: string

/** Bundles `study-child.ts` into a file that Node runs. */
export async function bundleChild(): Promise<void> {
  file = join(temporaryFolder('child'), 'child.mjs')
  await build({
    entryPoints: [join(root, 'test/search/study/study-child.ts')],
    outfile: file,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20' },
  })
}

export interface Child {
  readonly process: ChildProcess
  /** Resolves when the process prints that line. Rejects if it ends first. */
  said(line: string): Promise<void>
  readonly ended: Promise<{ code: number | null; signal: string | null; errors: string }>
}

export function started(...args: readonly string[]): Child {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = ['', '']
  const heard = new EventTarget()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts[0] += text
    heard.dispatchEvent(new Event('text'))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts[1] += text))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, errors: texts[1] }))
  return {
    process: child,
    ended,
    said: (line) =>
      new Promise((resolve, reject) => {
        const look = () => texts[0].split('\n').slice(0, -1).includes(line) && resolve()
        heard.addEventListener('text', look)
        look()
        ended.then(() => reject(new Error(`the process ended: ${texts.join('')}`)))
      }),
  }
}

/** Kills the process (kill -9) and waits for its end. */
export async function kill({ process, ended }: Child): Promise<void> {
  process.kill('SIGKILL')
  await ended
}
