/** The built package, for tests that use it as a user does. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './sources.ts'

/** Builds `dist` unless it is newer than the sources. Throws with the compiler's output if the build fails. */
export function ensureBuilt(): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build.js'], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the package does not build:\n${stdout}${stderr}`)
}

/** Calls `body` with a fresh folder in which `import 'kinglet'` finds this package, and removes it after. */
export async function inPackage<T>(body: (folder: string) => T | Promise<T>): Promise<T> {
  mkdirSync(join(root, 'dist'), { recursive: true })
  const folder = mkdtempSync(join(root, 'dist/.try-'))
  try {
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * Type-checks files (name to text) against the built package. Returns the lines of the compiler, none without errors.
 * `options` are compiler options, merged with those of the repository.
 */
export const compile = (files: Readonly<Record<string, string>>, options: object = {}): Promise<string[]> =>
  inPackage((folder) => {
    const compilerOptions = { noUnusedLocals: false, ...options }
    const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }
    for (const [name, text] of Object.entries({ ...files, 'tsconfig.json': JSON.stringify(config) }))
      writeFileSync(join(folder, name), text)
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    })
    return stdout.split('\n').filter((line) => line.trim() !== '')
  })
