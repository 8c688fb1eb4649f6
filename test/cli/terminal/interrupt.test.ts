/** Ctrl-C in each phase of every slow command: the exit code is 130, and a saved run can be resumed. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../../src/cli/main.ts'
import { folderOf } from '../../data/make.ts'
import { testAll } from '../../support/all.ts'
import { ensureBuilt } from '../../support/built.ts'
import { root } from '../../support/sources.ts'
import { fakeIo } from '../fake-io.ts'
import { kinglet, pictures, tiny, tinyModel } from '../make.ts'

let photos: string
let model: string
beforeAll(async () => {
  await ensureBuilt()
  photos = folderOf(await pictures(8, ['across', 'down']))
  model = join(folderOf({ 'm.safetensors': tinyModel(['across', 'down']) }), 'm.safetensors')
}, 60_000)

/** Runs a command line and presses Ctrl-C once stderr contains `after`, or as soon as the command listens. */
async function interrupted(argv: readonly string[], after?: string) {
  const io = fakeIo({ isTTY: true, columns: 100 })
  let pressed = false
  const press = () => {
    pressed ||= io.interrupt()
  }
  const stderr = {
    ...{ isTTY: true, columns: 100 },
    write(text: string) {
      io.stderr.write(text)
      if (!pressed && after !== undefined && text.includes(after)) press()
    },
  }
  const timer = after === undefined ? setInterval(press, 1) : undefined
  const code = await main(argv, { ...io, stderr })
  clearInterval(timer)
  return { code, pressed, output: io.output, errors: io.errors }
}

describe('train', () => {
  const phases: readonly (readonly [name: string, after: string | undefined, kept: boolean])[] = [
    ['while images are opened', undefined, false],
    ['before the first step', 'held out', false],
    ['in the first epoch', 'epoch 1/3', true],
    ['at the end of an epoch', 'epoch 1/3  loss', true],
    ['in the last epoch', '\x1b[Kepoch 3/3', true],
    ['after the last step', 'epoch 3/3  loss', true],
  ]
  test.each(phases)(
    '%s',
    async (_, after, kept) => {
      const out = join(folderOf({}), 'run')
      const args = ['train', photos, ...tiny, '--batch', '4', '--epochs', '3', '--out', out]
      const { code, pressed, output, errors } = await interrupted(args, after)
      expect({ code, pressed, output }).toEqual({ code: 130, pressed: true, output: '' })
      expect(errors).not.toMatch(/^ {4}at |defect|error:/m)
      if (!kept) {
        expect(errors).toContain('Interrupted: nothing was saved.\n')
        expect(existsSync(out)).toBe(false)
        return
      }
      expect(errors).toContain(`Interrupted. Run the same command with --resume to continue ${out}.\n`)
      expect(readdirSync(out).filter((name) => name.endsWith('.tmp'))).toEqual([])
      const resumed = await kinglet(...args, '--resume')
      expect(resumed.code).toBe(0)
      expect(readdirSync(out)).toContain('report.html')
    },
    60_000,
  )
})

describe('commands that save nothing', () => {
  const commands: Record<string, () => string[]> = {
    eval: () => ['eval', model, photos],
    predict: () => ['predict', model, ...Array.from({ length: 50 }, () => join(photos, 'across/0.jpg'))],
    bench: () => ['bench', 'mobilenet_v1', '--size', '32', '--rounds', '100000'],
    'bench, reference': () => ['bench', 'mobilenet_v1', '--size', '32', '--rounds', '1000', '--engine', 'reference'],
  }
  test.each(Object.keys(commands))(
    '%s',
    async (name) => {
      const { code, errors } = await interrupted(commands[name]())
      expect(code).toBe(130)
      expect(errors).toContain('Stopping. (Ctrl-C again ends at once)')
      expect(errors).toMatch(/Interrupted: nothing was saved\.\n$/)
    },
    30_000,
  )
})

/** Runs a process, sends it SIGINT (handled only when its event loop turns), and returns how it ends. */
const signalled = (argv: readonly string[], waitMs: number) =>
  new Promise<number | string>((resolve) => {
    const child = spawn(process.execPath, [join(root, 'bin/kinglet.js'), ...argv], { stdio: 'ignore' })
    const timer = setTimeout(() => child.kill('SIGINT'), waitMs)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      resolve(signal ?? code ?? 'none')
    })
  })

describe('a process', () => {
  test.each(testAll ? [200, 700, 1500, 2500] : [200, 700, 1500])(
    'train, after %i ms',
    async (waitMs) => {
      const out = join(folderOf({}), 'run')
      const ended = await signalled(['train', photos, ...tiny, '--epochs', '5000', '--out', out], waitMs)
      // Before the first line of code has run, the system ends the process; a shell reports that as 130 too.
      expect([130, 'SIGINT']).toContain(ended)
      if (existsSync(out)) expect(readdirSync(out)).toContain('checkpoint.safetensors')
    },
    30_000,
  )

  test('bench, in the middle of its rounds', async () => {
    const argv = ['bench', 'mobilenet_v1', '--size', '64', '--rounds', '1000000', '--threads', '1']
    expect(await signalled(argv, 2500)).toBe(130)
  }, 30_000)
})
