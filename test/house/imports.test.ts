import { expect, test } from 'vitest'
import { filesOf, type Import, importsOf, textOf } from '../support/sources.ts'

/** Folders of src and what each may import, beside itself. */
const below: Record<string, readonly string[]> = {
  core: [],
  ops: ['core'],
  graph: ['ops', 'core'],
  wasm: ['graph', 'ops', 'core'],
  models: ['graph', 'ops', 'core'],
  formats: ['graph', 'ops', 'core', 'data', 'version.ts'],
  data: ['core'],
  train: ['graph', 'ops', 'core', 'data', 'formats'],
  search: ['models', 'train', 'graph', 'ops', 'core', 'data', 'formats'],
}

const folderOf = (path: string) => path.split('/')[1]
const isOurs = (path: string) => path.startsWith('src/')

/** Imports that run upwards: one line each, saying what the folder may import. */
function upward(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, to }) => {
    const [here, there] = [folderOf(from), folderOf(to)]
    const allowed = below[here]
    if (!isOurs(to) || !allowed || here === there || allowed.includes(there)) return []
    return [`${from} imports ${to}: ${here} may import ${allowed.join(', ') || 'nothing'}`]
  })
}

const all = filesOf('src', '.ts').flatMap((path) => importsOf(path, textOf(path)))

test('imports run downwards only', () => {
  expect(all.length).toBeGreaterThan(50)
  expect(upward(all)).toEqual([])
})

test('docs/architecture.md has the same table', () => {
  const rows = [...textOf('docs/architecture.md').matchAll(/^\| `(\w+)` \| .* \| ([\w, ]+) \|$/gm)]
  const told = Object.fromEntries(rows.map(([, folder, list]) => [folder, list === 'nothing' ? [] : list.split(', ')]))
  const { cli, ...rooms } = told
  expect(cli).toEqual(['everything'])
  expect(rooms).toEqual(
    Object.fromEntries(Object.entries(below).map(([folder, list]) => [folder, list.filter((p) => !p.includes('.'))])),
  )
})

test('an upward import is found, in each of the ways in which one can be written', () => {
  const found = (path: string, text: string) => upward(importsOf(path, text))
  expect(found('src/core/a.ts', `import { conv2d } from '../ops/index.ts'`)).toEqual([
    'src/core/a.ts imports src/ops/index.ts: core may import nothing',
  ])
  expect(found('src/graph/a.ts', `export * from '../wasm/index.ts'`)).toHaveLength(1)
  expect(found('src/train/a.ts', `const b = await import('../models/b.ts')`)).toHaveLength(1)
  expect(found('src/wasm/a.ts', `import {\n  a,\n  type B,\n} from '../models/index.ts'`)).toHaveLength(1)
  expect(found('src/data/a.ts', `import { type Fit, type B } from '../train/a.ts'`)).toHaveLength(1)
  expect(found('src/wasm/a.ts', `import type { Graph } from '../graph/index.ts'`)).toEqual([])
})

/** Node's own modules, and packages that only run there. */
const needsNode = (to: string) => to.startsWith('node:') || ['sharp', 'commander', 'pg', 'pg-boss'].includes(to)

test('what needs Node stands in files named node-*.ts, in the command line and in the front door for Node', () => {
  const nodeOnly = (path: string) => /^src\/cli\/|\/node-[^/]+\.ts$/.test(path) || path === 'src/index.ts'
  expect(
    all.filter((i) => !i.typeOnly && needsNode(i.to) && !nodeOnly(i.from)).map((i) => `${i.from}: ${i.to}`),
  ).toEqual([])
})

test('only files of this repository are imported with a path, and packages are those of package.json', () => {
  const { dependencies, peerDependencies } = JSON.parse(textOf('package.json')) as Record<string, object>
  const packages = new Set(all.map((i) => i.to).filter((to) => !isOurs(to) && !to.startsWith('node:')))
  expect([...packages].sort()).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).sort())
})
