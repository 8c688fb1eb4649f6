/** Networks of given rows: `build` with `rows`, and `withRows`. */
import { describe, expect, test } from 'vitest'
import { assertOptions, named } from '../../src/core/check.ts'
import { oneOf } from '../../src/core/index.ts'
import { analyse, type Graph, roots, topological } from '../../src/graph/index.ts'
import { operatorNames } from '../../src/models/blocks/index.ts'
import { type BuildOptions, build, models, type RowSpec, restore, withRows } from '../../src/models/index.ts'
import { mixedRows } from './mixed-rows.ts'

/** Describes everything that a graph computes, with names and shapes. Equal for equal networks. */
const told = (graph: Graph): string => {
  const nodes = topological(roots(graph))
  const at = new Map(nodes.map((node, i) => [node, i]))
  return nodes
    .map((v) => JSON.stringify([v.op.name, v.scope, v.shape, v.attrs, v.inputs.map((x) => at.get(x))]))
    .join('\n')
}

const variants: readonly BuildOptions[] = [
  { size: 64 },
  { size: 28, reduction: 8, width: 0.5, classes: 10 },
  { size: 32, reduction: 4, width: 1.4, activation: 'swish', se: [1, 2], seRatio: 3, padding: 'same', seed: 3 },
  { size: 40, convolution: 'standard', se: 'all', widthRule: 'keras', width: 0.35 },
]

describe.each(models().map(({ name }) => name))('%s', (name) => {
  test.each(variants)('its own rows give the same network: %o', (options) => {
    const net = build(name, options)
    const same = withRows(net, net.rows)
    expect(told(same.graph())).toBe(told(net.graph()))
    expect(same.rows.map(({ input: _, ...row }) => row)).toEqual(net.rows.map(({ input: _, ...row }) => row))
  })
})

test('the rows have the width of a changed head', () => {
  const net = build('mobilenet_v3_large', { size: 64, head: 24 })
  expect(told(withRows(net, net.rows).graph())).toBe(told(net.graph()))
})

describe('rows of all operators', () => {
  const net = build('mobilenet_v2', { rows: mixedRows, size: 32, reduction: 8, classes: 5, seed: 4 })

  test('make the network, and the other options apply to them', () => {
    expect(net.rows.map((r) => r.name)).toEqual(mixedRows.map((r) => r.name))
    expect(net.rows.map((r) => r.stride)).toEqual([1, 1, 2, 2, 1, 2, 1, 1, 1, 1])
    expect(net.rows.map((r) => r.squeeze)).toEqual([0, 0, 8, 0, 8, 0, 0, 0, 0, 0])
    expect(net.graph().outputs.logits.shape).toEqual([1, 5])
    const relu = build('mobilenet_v2', { rows: mixedRows, size: 32, activation: 'relu' })
    expect(new Set(relu.rows.map((r) => r.act))).toEqual(new Set(['relu', 'none']))
    const options = { rows: mixedRows, size: 32, head: 7, se: 'none' } as const
    expect(build('mobilenet_v2', options).rows.find((r) => r.name === 'head')?.out).toBe(7)
    expect(build('mobilenet_v2', options).rows.some((r) => r.se)).toBe(false)
  })

  test('are kept as plain data without values that follow from options, and are restored from a file', () => {
    const { name, options } = JSON.parse(JSON.stringify(net.architecture))
    expect(options.rows).toEqual([...mixedRows.slice(0, -1), { ...mixedRows[mixedRows.length - 1], out: 5 }])
    const again = restore({ name, options }, net.weights, 'mixed.safetensors')
    expect(told(again.graph())).toBe(told(net.graph()))
    expect(Object.keys(withRows(net, net.rows).architecture.options.rows[2]).sort()).toEqual(
      Object.keys(mixedRows[2]).sort(),
    )
  })

  test('differ only in the classifier for another number of classes', () => {
    const more = build('mobilenet_v2', { ...net.architecture.options, classes: 9 })
    expect(more.graph().outputs.logits.shape).toEqual([1, 9])
    const count = (n: typeof net) => analyse(n.graph()).total.parameters
    expect(count(more) - count(net)).toBe(4 * (12 + 1))
  })

  test('do not have the input column of the table at 224 pixels', () => {
    const [first, ...rest] = mixedRows
    expect(build('mobilenet_v2', { rows: [{ ...first, out: 9 }, ...rest] }).rows[0].out).toBe(9)
  })

  test('are copied', () => {
    const rows = mixedRows.map((row) => ({ ...row }))
    const built = build('mobilenet_v2', { rows, size: 32 })
    rows[0].out = 99
    expect((built.architecture.options.rows as readonly RowSpec[])[0].out).toBe(8)
  })
})

describe('invalid rows are refused, and the error names the row', () => {
  const rowOf = (name: string) => mixedRows.find((row) => row.name === name)!
  const blockCount = mixedRows.filter((row) => row.name.startsWith('blocks.')).length
  const changed = (at: string, change: object) =>
    mixedRows.map((row): RowSpec => (row.name === at ? ({ ...row, ...change } as RowSpec) : row))
  const without = (member: string) =>
    mixedRows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => row.name !== 'blocks.0' || name !== member)),
    )
  test.each<[string, BuildOptions | { rows: unknown }, string]>([
    ['no list', { rows: 3 }, 'rows is 3: it must be table or rows'],
    ['an empty list', { rows: [] }, 'rows is []: it must be table or rows'],
    ['no rows in it', { rows: [null] }, 'row 0: name is null: it must be a name such as blocks.3'],
    [
      'a name of other letters',
      { rows: changed('blocks.0', { name: 'a b' }) },
      'row a b: name is a b: it must be a name such as blocks.3',
    ],
    [
      'a name twice',
      { rows: changed('blocks.1', { name: 'stem' }) },
      'row stem is there twice: names must be distinct',
    ],
    [
      'an operator that there is not',
      { rows: changed('blocks.0', { operator: 'fire' }) },
      `row blocks.0: operator is fire: it must be ${oneOf(operatorNames)}`,
    ],
    ['no channels', { rows: changed('blocks.0', { out: 0 }) }, 'row blocks.0: out is 0: it must be a positive integer'],
    [
      'no expansion',
      { rows: changed('blocks.0', { exp: 0 }) },
      'row blocks.0: exp is 0: it must be a positive integer',
    ],
    ['half a channel', { rows: changed('stem', { out: 7.5 }) }, 'row stem: out is 7.5: it must be a positive integer'],
    [
      'a negative one',
      { rows: changed('pool', { out: -1 }) },
      'row pool: out is -1: it must be a whole number, 0 or more',
    ],
    [
      'an even window',
      { rows: changed('blocks.0', { kernel: 4 }) },
      'row blocks.0: kernel is 4: it must be a positive odd integer',
    ],
    [
      'an activation',
      { rows: changed('blocks.0', { act: 'gelu' }) },
      'row blocks.0: act is gelu: it must be none, relu,',
    ],
    [
      'a stride of 0',
      { rows: changed('blocks.0', { stride: 0 }) },
      'row blocks.0: stride is 0: it must be a positive integer',
    ],
    ['a member left out', { rows: without('se') }, 'row blocks.0: se is null: it must be true or false'],
    ['no classifier', { rows: mixedRows.slice(0, -1) }, 'the last row is head: it must be classifier, and linear'],
    [
      'another row after a linear one',
      { rows: [...mixedRows.slice(0, -1), { ...rowOf('last'), name: 'late' }, rowOf('classifier')] },
      'row late is conv after a linear one: put it before',
    ],
    ['a width', { rows: mixedRows, width: 0.5 }, 'width is 0.5, outputStride 32: with rows it must be 1 and 32'],
    [
      'an output stride',
      { rows: mixedRows, outputStride: 16 },
      'width is 1, outputStride 16: with rows it must be 1 and 32',
    ],
    [
      'blocks that there are not',
      { rows: mixedRows, se: [9] },
      `se names block 9: its blocks are 0 to ${blockCount - 1}`,
    ],
  ])('%s', (_, options, text) => {
    expect(() => build('mobilenet_v2', { size: 32, ...(options as BuildOptions) })).toThrow(
      `build mobilenet_v2: ${text}`,
    )
  })

  test('of a network whose strides are dilated', () => {
    const net = build('mobilenet_v2', { size: 64, outputStride: 8 })
    expect(() => withRows(net, net.rows)).toThrow('width is 1, outputStride 8: with rows it must be 1 and 32')
  })

  test('in a file', () => {
    const { architecture, weights } = build('mobilenet_v2', { rows: mixedRows, size: 32 })
    const options = { ...architecture.options, rows: changed('blocks.0', { operator: 'fire' }) }
    expect(() => restore({ name: architecture.name, options }, weights, 'a.safetensors')).toThrow(
      'a.safetensors: its network cannot be built: build mobilenet_v2: row blocks.0: operator is fire',
    )
  })
})

test('a name must be in the list', () => {
  const check = () => assertOptions('f', { kind: 'c' }, { kind: named(['a', 'b']) })
  expect(check).toThrow('f: kind is c: it must be a or b')
})
