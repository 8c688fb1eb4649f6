import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { createProgram, main } from '../../src/cli/main.ts'
import { version } from '../../src/core/version.ts'
import { fakeIo } from '../cli/fake-io.ts'
import { compile, ensureBuilt } from '../support/built.ts'
import { markdownBlocks } from '../support/code-blocks.ts'
import { filesOf, root, textOf } from '../support/sources.ts'

const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesOf('docs', '.md')]

beforeAll(ensureBuilt)

test('code in the documents compiles', async () => {
  const blocks = documents.flatMap(markdownBlocks).filter(({ code }) => code.includes("from 'kinglet"))
  expect(blocks.length).toBeGreaterThan(5)
  const fileOf = (where: string) => `${where.replace(/\W/g, '-')}.ts`
  const files = Object.fromEntries(blocks.map(({ where, code }) => [fileOf(where), `${code}\nexport {}\n`]))
  expect(await compile(files)).toEqual([])
})

test('links between documents have targets', () => {
  const broken = documents.flatMap((path) =>
    [...textOf(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .filter(([, to]) => !existsSync(join(root, dirname(path), to)))
      .map(([, to]) => `${path}: ${to}`),
  )
  expect(broken).toEqual([])
})

test('files that documents name exist', () => {
  const named = /(?<![\w./-])(?:bench|docs|scripts|src|test)\/[\w./-]+\.(?:js|md|ts)\b/g
  const missing = documents.flatMap((path) =>
    [...textOf(path).matchAll(named)].filter(([to]) => !existsSync(join(root, to))).map(([to]) => `${path}: ${to}`),
  )
  expect(missing).toEqual([])
})

test('files that documents name by their path in src exist', () => {
  const gone = documents.flatMap((path) =>
    [...textOf(path).matchAll(/`((?:[\w-]+\/)+[\w.-]+\.(?:ts|js|json))`/g)]
      .filter(([, name]) => !existsSync(join(root, name)) && !existsSync(join(root, 'src', name)))
      .map(([, name]) => `${path}: ${name}`),
  )
  expect(gone).toEqual([])
})

test('the help texts in docs/cli.md are what the commands print (vitest -u writes them)', async () => {
  const told: string[] = []
  let text = textOf('docs/cli.md')
  for (const [block, command] of text.matchAll(/^```text\n\$ kinglet (.*)\n[\s\S]*?^```$/gm)) {
    const io = fakeIo()
    expect(await main(command.trim().split(' '), io)).toBe(0)
    text = text.replace(block, () => `\`\`\`text\n$ kinglet ${command}\n${io.output.trimEnd()}\n\`\`\``)
    told.push(command)
  }
  expect(told).toEqual(['--help', ...createProgram(fakeIo()).commands.map((c) => `${c.name()} --help`)])
  await expect(text).toMatchFileSnapshot(join(root, 'docs/cli.md'))
})

test('every command has an example in its help, --json, and the exit codes, in lines of 120 columns at most', async () => {
  for (const command of createProgram(fakeIo()).commands) {
    const io = fakeIo()
    await main([command.name(), '--help'], io)
    expect(io.output).toContain(`\n  kinglet ${command.name()}`)
    expect(io.output).toContain('--json')
    expect(io.output).toContain('Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted')
    expect(io.output.split('\n').filter((line) => line.length > 120)).toEqual([])
  }
})

test('docs/ops.md lists the optional members of an op', () => {
  const counts = ['One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten', 'Eleven', 'Twelve']
  const may = { OpDeclaration: 'properties', OpCompletion: 'slots' }
  for (const [half, says] of Object.entries(may)) {
    const [, slots] = new RegExp(`^export interface ${half}(.*?)^}`, 'ms').exec(textOf('src/ops/define.ts'))!
    const names = [...slots.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name)
    const [, many, list] = new RegExp(`^(\\w+) optional ${says} are for [^\n]*\n\n(.*?)\n\n`, 'ms').exec(
      textOf('docs/ops.md'),
    )!
    expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(names)
    expect(counts.indexOf(many) + 1).toBe(names.length)
  }
})

test('the version is that of package.json, and the changelog has it', () => {
  expect(version).toBe(JSON.parse(textOf('package.json')).version)
  expect(textOf('CHANGELOG.md')).toContain(`## [${version}]`)
})
