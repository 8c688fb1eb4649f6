/** A block with three inputs: its rows name earlier rows in the column `from`. The block is only in this test. */
import { expect, test, vi } from 'vitest'
import { KingletError, type Tensor, UsageError } from '../../src/core/index.ts'
import { referenceEngine } from '../../src/graph.ts'
import { type BuildOptions, build, type RowSpec, restore, rowChannelsOf, withRows } from '../../src/models/index.ts'
import { input } from '../../src/ops/index.ts'
import { groupsOf } from '../../src/prune/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'

vi.mock('../../src/models/blocks/list.ts', async (original) => {
  const { list } = await original<typeof import('../../src/models/blocks/list.ts')>()
  const { defineBlock, member } = await import('../../src/models/blocks/define.ts')
  const { conv } = await import('../../src/models/blocks/parts.ts')
  const { add, concat, resizeBilinear } = await import('../../src/ops/index.ts')
  /** Adds the first of `from` to the input, and joins the second, resized to it. */
  const fuse = defineBlock({
    name: 'fuse',
    kind: 'block',
    row: { from: member.rows, out: member.channels, act: member.activation },
    build(b, x, { out, act }, _, [same, other]) {
      const size: [number, number] = [x.shape[1], x.shape[2]]
      const resized = resizeBilinear({ x: other }, { size })
      return conv(b, 'project', concat([add(x, same), resized], { axis: 3 }), { out, kernel: 1 }, act)
    },
  })
  return { list: [...list, fuse] }
})

const conv = { operator: 'conv', kernel: 3, act: 'relu', stride: 1 } as const
const fuse = { name: 'blocks.0', operator: 'fuse', from: ['same', 'stem'], out: 10, act: 'relu' }
const rowsWith = (change: object = {}) =>
  [
    { ...conv, name: 'stem', out: 4, stride: 2 },
    { ...conv, name: 'same', out: 6, stride: 2 },
    { ...conv, name: 'deep', out: 6 },
    { ...fuse, ...change },
    { name: 'pool', operator: 'pool' },
    { name: 'classifier', operator: 'linear', out: 3, act: 'none', bias: true },
  ] as unknown as readonly RowSpec[]
const options: BuildOptions = { size: 16, reduction: 4, classes: 3, seed: 2 }
const built = (change?: object) => build('mobilenet_v2', { ...options, rows: rowsWith(change) })

test('its build gets the outputs of the rows that it names', async () => {
  const net = built()
  expect(net.weights.get('blocks.0.project.conv.w')!.shape).toEqual([1, 1, 6 + 4, 10])
  const { features } = net.forward(input('x', [1, 16, 16, 3]), { training: false })
  expect([...features].map(([name, v]) => [name, v.shape])).toEqual([
    ['stem', [1, 8, 8, 4]],
    ['same', [1, 4, 4, 6]],
    ['deep', [1, 4, 4, 6]],
    ['blocks.0', [1, 4, 4, 10]],
    ['pool', features.get('pool')!.shape],
    ['classifier', [1, 3]],
  ])
  const x = Float32Array.from({ length: 768 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)
  const run = async (engine: ReturnType<typeof referenceEngine>): Promise<Tensor> => {
    const program = await engine.compile(net.graph(), { weights: net.weights, freeze: true })
    const { logits } = await program.run({ x })
    const data = { ...logits, data: logits.data.slice() }
    program.dispose()
    return data
  }
  const [fast, slow] = [await run(wasmEngine({ threads: 1 })), await run(referenceEngine())]
  for (const [i, v] of slow.data.entries()) expect(fast.data[i]).toBeCloseTo(v, 4)
})

test('its rows are kept in files, copied, and restored', () => {
  const from = ['same', 'stem']
  const net = built({ from })
  from[0] = 'deep'
  const { name, options } = JSON.parse(JSON.stringify(net.architecture))
  expect(options.rows[3]).toEqual(fuse)
  expect(restore({ name, options }, net.weights, 'm').rows).toEqual(net.rows)
  expect(withRows(net, net.rows).rows).toEqual(net.rows)
})

test('its channels can be pruned, and those that it adds are one group', () => {
  const net = built()
  const { input, numbers } = rowChannelsOf(net)[3]
  expect(input).toEqual({ count: 6, axes: [{ tensor: 'blocks.0.project.conv.w', axis: 2 }] })
  expect(numbers.map(({ number, count }) => [number, count])).toEqual([['out', 10]])
  expect(groupsOf(net).map(({ fields }) => fields.map(({ row, number }) => `${row}.${number}`))).toEqual([
    ['stem.out'],
    ['same.out', 'deep.out'],
    ['blocks.0.out'],
  ])
})

test('names must be those of earlier rows', () => {
  const before = 'it must name rows before it, which are stem, same, deep'
  const refused: readonly (readonly [unknown, string])[] = [
    [['same', 'nowhere'], `from names nowhere: ${before}`],
    [['same', 'pool'], `from names pool: ${before}`],
    [['blocks.0', 'stem'], `from names blocks.0: ${before}`],
    [[], 'from is []: it must be a list of names of earlier rows'],
    ['stem', 'from is stem: it must be a list of names of earlier rows'],
    [[3], 'from is [3]: it must be a list of names of earlier rows'],
    [undefined, 'from is null: it must be a list of names of earlier rows'],
  ]
  for (const [from, message] of refused)
    expect(() => built({ from })).toThrow(new UsageError(`build mobilenet_v2: row blocks.0: ${message}`))
  const { architecture, weights } = built()
  const rows = rowsWith({ from: ['same', 'pool'] })
  expect(() => restore({ ...architecture, options: { ...architecture.options, rows } }, weights, 'm')).toThrow(
    new KingletError(`m: its network cannot be built: build mobilenet_v2: row blocks.0: from names pool: ${before}`),
  )
})

test('rows of other operators have no such column', () => {
  const [first, ...rest] = rowsWith()
  const net = build('mobilenet_v2', { ...options, rows: [{ ...first, ...{ from: ['pool'] } }, ...rest] })
  expect((net.architecture.options.rows as readonly object[])[0]).not.toHaveProperty('from')
})
