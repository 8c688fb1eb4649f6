/** What scripts/page-cuts.js leaves out says so where it is called after all; a list that names nothing fails. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuilt, inPackage } from '../support/built.ts'
import { buildPage, cuts } from '../support/page-run.ts'
import { root } from '../support/sources.ts'

beforeAll(ensureBuilt)

const { slots, exported, cutModule } = await cuts()
const absentFrom = 'absent.js'
const without = (what: string) => `${what}: the kinglet/run of pages is built without it: use kinglet`

/** A module of dist (its text) built as the page's is, and imported. */
const built = <T>(text: string): Promise<T> =>
  inPackage(async (folder) => {
    writeFileSync(join(folder, 'in.js'), text)
    writeFileSync(join(folder, 'out.mjs'), (await buildPage(join(folder, 'in.js'))).code)
    return import(pathToFileURL(join(folder, 'out.mjs')).href)
  })

const listed = Object.entries(exported).flatMap(([path, names]) =>
  Object.entries(names).map(([name, what], i) => ({
    path,
    name,
    what,
    as: `${name}_${i}_${path.replace(/\W/g, '_')}`,
  })),
)

test('each name on the list throws that it is not there, and the way out', async () => {
  const text = listed.map(({ path, name, as }) => `export { ${name} as ${as} } from '../${path}'`).join('\n')
  const module = await built<Record<string, () => unknown>>(text)
  for (const { as, what } of listed) expect(module[as]).toThrow(without(what))
})

test('ops that inference does not need are told by name: kernels, and oracles of constants', async () => {
  const { compile } = await built<{ compile(op: string, of: string): Promise<unknown> }>(`
    import { input, constant, softmax, resizeBilinear, maxPool } from '../ops/index.js'
    import { tensor } from '../core/index.js'
    import { wasmEngine } from '../wasm/index.js'
    const ops = { softmax, resizeBilinear, maxPool }
    const attrs = { softmax: {}, resizeBilinear: { size: [6, 6] }, maxPool: { kernel: [2, 2] } }
    const shape = { softmax: [2, 3], resizeBilinear: [1, 3, 3, 4], maxPool: [1, 2, 2, 1] }
    const leaves = { input: (s) => input('x', s), constant: (s) => constant(tensor(s, new Float32Array(s.reduce((a, b) => a * b)))) }
    export const compile = async (op, of) => {
      const y = ops[op]({ x: leaves[of](shape[op]) }, attrs[op])
      return (await wasmEngine({ threads: 1 }).compile({ outputs: { y }, updates: [] }, { freeze: true })).dispose()
    }`)
  await expect(compile('maxPool', 'input')).resolves.toBeUndefined()
  await expect(compile('softmax', 'input')).rejects.toThrow(without('kernel of softmax'))
  await expect(compile('resizeBilinear', 'input')).rejects.toThrow(without('kernel of resize_bilinear'))
  await expect(compile('maxPool', 'constant')).rejects.toThrow(without('oracle of max_pool'))
})

test('the lists name modules that there are', () => {
  const paths = [...Object.keys(slots), ...Object.keys(exported)]
  expect(paths.filter((path) => !existsSync(join(root, 'dist', path)))).toEqual([])
})

test('a name that the module does not have fails the build', () => {
  const op = `export const dropout = defineOp({ name: 'dropout', grad: (x) => x, shape: 1 })`
  expect(() => cutModule('ops/dropout.js', op, { absentFrom })).not.toThrow()
  expect(() => cutModule('ops/dropout.js', 'export const drop = 1', { absentFrom })).toThrow(
    'page-cuts.js: ops/dropout.js has no dropout: correct the list',
  )
  expect(() => cutModule('ops/matmul.js', 'export const matmul = 1', { absentFrom })).toThrow(
    'ops/matmul.js has no reference',
  )
})

test('slots go with their commas, oracles say that they are absent, and calls that define are pure', () => {
  const text = `export const matmul = defineOp({ name: 'matmul', reference(x) { return x }, grad: () => 1, samples: [] })`
  expect(cutModule('ops/matmul.js', text, { absentFrom })).toBe(
    `import { absent as __absent } from "absent.js";\n` +
      `export const matmul = /* @__PURE__ */ defineOp({ name: 'matmul', ` +
      `reference: /* @__PURE__ */ __absent("oracle of matmul"),   })`,
  )
})

test('instructions that nothing asks for go', () => {
  const text = 'const table = { i32: { add: [0x6a, "i32 i32 -> i32"], sub: [0x6b, "i32 i32 -> i32"] } }'
  const cut = (used?: readonly string[]) =>
    cutModule('wasm/assembler/instructions.js', text, { absentFrom, ...(used && { used: new Set(used) }) })
  expect(cut()).toBe(text)
  expect(cut(['sub'])).toBe('const table = { i32: {  sub: [0x6b, "i32 i32 -> i32"] } }')
})
