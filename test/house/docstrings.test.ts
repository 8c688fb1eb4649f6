import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { beforeAll, describe, expect, test } from 'vitest'
import { compile, ensureBuilt, inPackage } from '../support/built.ts'
import { docstringExamples, withChecks } from '../support/code-blocks.ts'
import { namesOf } from '../support/names.ts'
import { filesOf, textOf } from '../support/sources.ts'

beforeAll(ensureBuilt)

/** Runs examples one after the other in one process; returns what each threw, or null. */
const runAll = (codes: readonly string[]): Promise<(string | null)[]> =>
  inPackage((folder) => {
    const head = `import { deepStrictEqual as __equal } from 'node:assert'\n`
    for (const [i, code] of codes.entries()) {
      const checked = withChecks(code, '__equal')
      writeFileSync(join(folder, `${i}.mjs`), head + transformSync(checked, { loader: 'ts', target: 'es2022' }).code)
    }
    writeFileSync(
      join(folder, 'all.mjs'),
      `const results = []
for (let i = 0; i < ${codes.length}; i++)
  results.push(await import('./' + i + '.mjs').then(() => null, (error) => String(error?.stack ?? error)))
console.log('\\n' + JSON.stringify(results))
process.exit()`,
    )
    const { stdout, stderr } = spawnSync(process.execPath, ['all.mjs'], { cwd: folder, encoding: 'utf8' })
    const last = stdout.trim().split('\n').at(-1) ?? ''
    if (!last.startsWith('[')) throw new Error(`the examples did not come to an end:\n${stdout}${stderr}`)
    return JSON.parse(last)
  })

const examples = docstringExamples()

describe('examples in docstrings', () => {
  test('run, and give the values that they state', async () => {
    const results = await runAll(examples.map((e) => e.code))
    const failures = results.flatMap((error, i) => (error === null ? [] : [`${examples[i].where}\n${error}`]))
    expect(failures).toEqual([])
  })

  test('compile as they stand', async () => {
    const files = Object.fromEntries(examples.map((e, i) => [`example-${i}.ts`, `${e.code}\nexport {}\n`]))
    const named = (line: string) => line.replace(/^example-(\d+)\.ts/, (_, i) => examples[Number(i)].where)
    expect((await compile(files)).map(named)).toEqual([])
  })

  test('a wrong example is found', async () => {
    const [right, wrong, thrown] = await runAll([
      'console.log([1, 2].map((x) => x * 2)) // => [2, 4]',
      '1 + 1 // => 3',
      `throw new Error('no')`,
    ])
    expect(right).toBeNull()
    expect(wrong).toContain('1 + 1 // => 3')
    expect(thrown).toContain('no')
  })
})

/** The docstring right before the declaration of an exported name, wherever in src it is declared. */
const sources = filesOf('src', '.ts').map(textOf)
const docstringsOf = (name: string): string[] =>
  sources.flatMap((text) =>
    [
      ...text.matchAll(
        new RegExp(
          `(/\\*\\*(?:[^*]|\\*(?!/))*\\*/)\\s*export (?:async )?(?:function\\*?|const|class|interface|type) ${name}\\b`,
          'g',
        ),
      ),
    ].map((m) => m[1]),
  )

describe.each(['src/index.ts', 'src/browser.ts', 'src/run.ts', 'src/browser-run.ts'])('%s', (door) => {
  const { values, types } = namesOf(door)

  test('every name has a docstring', () => {
    expect(values.length).toBeGreaterThan(4)
    expect([...values, ...types].filter((name) => docstringsOf(name).length === 0)).toEqual([])
  })

  test('every value has an example', () => {
    expect(values.filter((name) => !docstringsOf(name).some((doc) => doc.includes('@example')))).toEqual([])
  })
})

test('Node and pages find the same names', () => {
  expect(namesOf('src/browser.ts')).toEqual(namesOf('src/index.ts'))
  expect(namesOf('src/browser-run.ts')).toEqual(namesOf('src/run.ts'))
})

test('kinglet exports everything that kinglet/run exports', () => {
  const [all, run] = ['src/index.ts', 'src/run.ts'].map(namesOf)
  expect(all.values).toEqual(expect.arrayContaining(run.values))
  expect(all.types).toEqual(expect.arrayContaining(run.types))
})
