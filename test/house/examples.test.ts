/** The programs in examples/ compile against the built package, run, and give the values that they state. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { compile, ensureBuilt, inPackage } from '../support/built.ts'
import { withChecks } from '../support/code-blocks.ts'
import { filesOf, textOf } from '../support/sources.ts'

beforeAll(ensureBuilt)

const examples = filesOf('examples', '.ts')
const nameOf = (path: string) => path.replace(/^examples\//, '')

const run = (code: string) =>
  inPackage((folder) => {
    const checked = `import { deepStrictEqual as __equal } from 'node:assert'\n${withChecks(code, '__equal')}`
    writeFileSync(join(folder, 'main.mjs'), transformSync(checked, { loader: 'ts', target: 'es2022' }).code)
    const { status, stdout, stderr } = spawnSync(process.execPath, ['main.mjs'], { cwd: folder, encoding: 'utf8' })
    return { status, said: `${stdout}${stderr}` }
  })

test.each(examples)('%s runs, and gives the values that it states', async (path) => {
  const text = textOf(path)
  expect(text, 'a comment at its head says what it shows').toMatch(/^\/\*\*/)
  expect(text, 'a line with // => is checked').toMatch(/ \/\/ => /)
  const { status, said } = await run(text)
  expect(said).not.toMatch(/Error/)
  expect(status).toBe(0)
})

test('all compile', async () => {
  expect(examples.length).toBeGreaterThanOrEqual(3)
  expect(await compile(Object.fromEntries(examples.map((path) => [nameOf(path), textOf(path)])))).toEqual([])
})

test('an example with another value is found', async () => {
  const { status, said } = await run('const sum = 1 + 1\nsum // => 3\n')
  expect(status).toBe(1)
  expect(said).toContain('sum // => 3')
})
