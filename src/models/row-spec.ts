/**
 * Rows that are given to `build` in the place of a table: what each must have, and that they are a network. Numbers of
 * channels stand as they are. What follows from other options (squeezed channels, standard convolutions, dilation) is
 * not theirs, nor is the paper's input column. Refused: rows that say too little, names that are not distinct, and rows
 * that do not end with the classifier.
 */
import { assertOptions, type Checks, checks, named, UsageError } from '../core/index.ts'
import { activationNames } from './activation.ts'
import type { Operator, Row } from './table.ts'

/** A {@link Row} without what follows from the other options. Plain data that goes into model files. */
export type RowSpec = Omit<Row, 'input' | 'dilation' | 'squeeze' | 'standard'>

// Windows are odd: an even one has no middle, and a shortcut around it would join maps of two sizes.
const { count, whole, odd, flag } = checks
const activation = named(['none', ...activationNames])

const window = { kernel: odd, out: count }
const inner = { ...window, exp: count }
/** What an operator cannot do without; elsewhere the member is not used, and may be 0. */
const needs: Record<Operator, Partial<Checks<RowSpec>>> = {
  conv: window,
  separable: window,
  bneck: inner,
  basic: window,
  bottleneck: inner,
  max_pool: { kernel: odd },
  pool: {},
  linear: { out: count },
}

const members: Checks<RowSpec> = {
  name: {
    is: (name) => typeof name === 'string' && /^[\w.]+$/.test(name),
    must: 'a name such as blocks.3',
  },
  operator: named(Object.keys(needs)),
  kernel: whole,
  exp: whole,
  out: whole,
  act: activation,
  outAct: activation,
  stride: count,
  shortcut: flag,
  se: flag,
  bias: flag,
}

/**
 * The rows as they are kept: no other members than those of a {@link RowSpec}, and a classifier of `classes`. Throws a
 * `UsageError` that names the row for what cannot be.
 */
export function rowSpecsOf(model: string, rows: readonly RowSpec[], classes: number): readonly RowSpec[] {
  const names = Object.keys(members) as (keyof RowSpec)[]
  const specs = rows.map((row, i) => {
    const what = `build ${model}: row ${row?.name ?? i}`
    const spec = Object.fromEntries(names.map((name) => [name, row?.[name] ?? null])) as unknown as RowSpec
    assertOptions(what, spec, { ...members, ...needs[spec.operator] })
    if (rows.findIndex(({ name }) => name === spec.name) < i)
      throw new UsageError(`${what} is there twice: names must be distinct`)
    if (spec.operator !== 'linear' && rows[i - 1]?.operator === 'linear')
      throw new UsageError(`${what} is ${spec.operator} after a linear one: put it before`)
    return spec
  })
  const last = specs[specs.length - 1]
  if (last.operator !== 'linear' || last.name !== 'classifier')
    throw new UsageError(`build ${model}: the last row is ${last.name}: it must be classifier, and linear`)
  return [...specs.slice(0, -1), { ...last, out: classes }]
}
