/** The rooms of src: which may import which, through which doors, and that no imports are circular. */
import { expect, test } from 'vitest'
import { filesOf, type Import, importsOf, textOf } from '../support/sources.ts'

/** The rooms that each room may import, besides itself and the rooms that those may import. */
const below: Record<string, readonly string[]> = {
  core: [],
  ops: ['core'],
  graph: ['ops'],
  nn: ['graph', 'data'],
  engine: ['graph'],
  wasm: ['engine'],
  data: ['core'],
  platform: ['data'],
  models: ['nn'],
  formats: ['nn', 'data'],
  train: ['engine', 'formats', 'platform'],
  latency: ['engine', 'formats', 'models'],
  prune: ['latency', 'train'],
  search: ['latency', 'train'],
  report: ['core'],
  door: ['wasm', 'prune', 'search', 'report'],
  cli: ['door'],
}
const rooms = Object.keys(below)

/** The room and all that it may import, directly or through others. */
function reach(room: string): ReadonlySet<string> {
  return new Set([room, ...below[room].flatMap((next) => [...reach(next)])])
}
const reachOf = new Map(rooms.map((room) => [room, reach(room)]))

const isOurs = (path: string) => path.startsWith('src/')
const roomOf = (path: string) => path.split('/')[1]
/** Files at the root of src: entries of the package, above all rooms. */
const isEntry = (path: string) => /^src\/[\w-]+\.ts$/.test(path)
/** A room, or a folder of one, is imported through its index; code that needs Node, through `node.ts`. */
const isDoor = (path: string) => /^src\/(\w+\/)+(index|node)\.ts$/.test(path)

/** Imports that run upwards or bypass a door: one line each, with what is allowed. */
function wrong(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, to }) => {
    if (!isOurs(to) || isEntry(to))
      return isOurs(to) && !isEntry(from) && roomOf(from) !== 'cli'
        ? [`${from} imports ${to}: only cli may import an entry`]
        : []
    const [here, there] = [roomOf(from), roomOf(to)]
    if (!isEntry(from) && here === there) return []
    if (!isEntry(from) && !reachOf.get(here)?.has(there))
      return [`${from} imports ${to}: ${here} may import ${below[here]?.join(', ') || 'nothing'}`]
    return isDoor(to) ? [] : [`${from} imports ${to}: enter ${there} by an index.ts or its node.ts`]
  })
}

const files = filesOf('src', '.ts')
const all = files.flatMap((path) => importsOf(path, textOf(path)))

const entries = files.filter(isEntry)

test('every file of src is in a room, or is an entry', () => {
  expect(files.filter((path) => !isEntry(path) && !rooms.includes(roomOf(path)))).toEqual([])
  expect(entries).toContain('src/index.ts')
})

test('package.json exports the entries, and nothing else', () => {
  const { exports } = JSON.parse(textOf('package.json')) as { exports: object }
  const targets = [...JSON.stringify(exports).matchAll(/"\.\/(dist\/[^"]+?)(\.d)?\.[jt]s"/g)].map(([, path]) => path)
  // The page's `kinglet/run` is built from its entry into a file of another name.
  const built = targets.map((path) => (path === 'dist/page/run' ? 'dist/browser-run' : path))
  const exported = new Set(built.map((path) => `${path.replace('dist/', 'src/')}.ts`))
  expect([...exported].sort()).toEqual(entries)
})

/** Statements that may not stand in an entry: all that do not export names of a room, or another entry as a whole. */
function notListed(text: string): string {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\/\/.*$/gm, '')
  return code.replace(/^export (?:(?:type )?\{[^{}*]*\} from '\.\/\w+\/[^']+'|\* from '\.\/[\w-]+\.ts')$/gm, '').trim()
}

test('an entry lists the names of rooms that it exports', () => {
  expect(Object.fromEntries(entries.map((path) => [path, notListed(textOf(path))]).filter(([, rest]) => rest))).toEqual(
    {},
  )
  expect(notListed(`/** A. */\nexport {\n  a,\n  type B,\n} from './core/index.ts'\nexport * from './app.ts'\n`)).toBe(
    '',
  )
  for (const text of [
    `export * from './core/index.ts'`,
    `export * as core from './core/index.ts'`,
    `export const a = 1`,
    `import { a } from './core/index.ts'`,
    `export function f() {}`,
  ])
    expect(notListed(text)).toBe(text)
})

test('imports run downwards only, and through the doors of rooms', () => {
  expect(all.length).toBeGreaterThan(500)
  expect(wrong(all)).toEqual([])
})

test('docs/architecture.md has the same table', () => {
  const rows = [...textOf('docs/architecture.md').matchAll(/^\| `(\w+)` \| .* \| ([\w, ]+) \|$/gm)]
  const told = Object.fromEntries(rows.map(([, folder, list]) => [folder, list === 'nothing' ? [] : list.split(', ')]))
  expect(told).toEqual(below)
})

test('a wrong import is found in every syntax', () => {
  const found = (path: string, text: string) => wrong(importsOf(path, text))
  expect(found('src/core/a.ts', `import { conv2d } from '../ops/index.ts'`)).toEqual([
    'src/core/a.ts imports src/ops/index.ts: core may import nothing',
  ])
  expect(found('src/graph/a.ts', `export * from '../wasm/index.ts'`)).toHaveLength(1)
  expect(found('src/train/a.ts', `const b = await import('../search/index.ts')`)).toHaveLength(1)
  expect(found('src/wasm/a.ts', `import {\n  a,\n  type B,\n} from '../models/index.ts'`)).toHaveLength(1)
  expect(found('src/data/images/a.ts', `import { type Fit, type B } from '../../train/index.ts'`)).toHaveLength(1)
  expect(found('src/door/a.ts', `import { b } from '../cli/index.ts'`)).toHaveLength(1)
  expect(found('src/wasm/a.ts', `import type { Graph } from '../graph/graph.ts'`)).toEqual([
    'src/wasm/a.ts imports src/graph/graph.ts: enter graph by an index.ts or its node.ts',
  ])
  expect(found('src/index.ts', `export { load } from './door/load.ts'`)).toHaveLength(1)
  expect(found('src/door/a.ts', `import { load } from '../index.ts'`)).toHaveLength(1)
  expect(found('src/wasm/a.ts', `import type { Graph } from '../graph/index.ts'`)).toEqual([])
  expect(found('src/wasm/a.ts', `import { fuse } from '../graph/passes/index.ts'`)).toEqual([])
  expect(found('src/cli/a.ts', `import { openDataset } from '../data/node.ts'`)).toEqual([])
})

/** Groups of files that import each other, types included. */
function circles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>()
  for (const { from, to } of imports) if (isOurs(to)) next.set(from, [...(next.get(from) ?? []), to])
  const reached = (from: string): ReadonlySet<string> => {
    const seen = new Set<string>()
    const stack = [...(next.get(from) ?? [])]
    while (stack.length) {
      const at = stack.pop()!
      if (!seen.has(at)) {
        seen.add(at)
        stack.push(...(next.get(at) ?? []))
      }
    }
    return seen
  }
  const from = new Map([...next.keys()].map((file) => [file, reached(file)]))
  const groups = [...from].flatMap(([file, seen]) =>
    seen.has(file)
      ? [
          [...seen]
            .filter((other) => from.get(other)?.has(file))
            .sort()
            .join(' '),
        ]
      : [],
  )
  return [...new Set(groups)].sort().map((group) => group.split(' '))
}

test('no files import each other in a cycle', () => {
  expect(circles(all)).toEqual([
    // The gradient of a convolution is made of ops whose gradients are convolutions, and that of a sum is a product.
    [
      'src/ops/broadcast.ts',
      'src/ops/elementwise-contract.ts',
      'src/ops/elementwise.ts',
      'src/ops/masks.ts',
      'src/ops/reduce.ts',
    ],
    ['src/ops/conv2d-gradients.ts', 'src/ops/conv2d.ts'],
    ['src/ops/depthwise-conv2d.ts', 'src/ops/depthwise-gradients.ts'],
  ])
})

test('a cycle is found, whatever its number of files', () => {
  const made = (pairs: readonly string[]) =>
    pairs.map((pair) => {
      const [from, to] = pair.split(' ')
      return { from: `src/core/${from}.ts`, to: `src/core/${to}.ts`, typeOnly: true }
    })
  expect(circles(made(['a b', 'b c', 'c d']))).toEqual([])
  expect(circles(made(['a b', 'b c', 'c a', 'c d']))).toEqual([['src/core/a.ts', 'src/core/b.ts', 'src/core/c.ts']])
})

/** Node's own modules, and packages that only run there. */
const needsNode = (to: string) => to.startsWith('node:') || ['sharp', 'commander', 'pg', 'pg-boss'].includes(to)

test('what needs Node says so in its path: `node`, `node-...`, the command line, and the entries for Node', () => {
  const nodeOnly = (path: string) => /^src\/cli\/|\/node(-[^/]+)?\.ts$|\/node\//.test(path) || path === 'src/index.ts'
  expect(
    all.filter((i) => !i.typeOnly && needsNode(i.to) && !nodeOnly(i.from)).map((i) => `${i.from}: ${i.to}`),
  ).toEqual([])
})

test('only files of this repository are imported with a path, and packages are those of package.json', () => {
  const { dependencies, peerDependencies } = JSON.parse(textOf('package.json')) as Record<string, object>
  const packages = new Set(all.map((i) => i.to).filter((to) => !isOurs(to) && !to.startsWith('node:')))
  expect([...packages].sort()).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).sort())
})
