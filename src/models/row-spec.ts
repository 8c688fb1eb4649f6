/**
 * Checks rows that `build` receives in place of a table: the columns of each row, and that the rows form a network. Numbers
 * of channels are not scaled. Values that follow from other options (squeezed channels, standard convolutions, dilation)
 * and the paper's input column are dropped. Refused: missing columns, repeated names, and rows that do not end with the
 * classifier.
 */
import { assertOptions, type Check, named, UsageError } from '../core/index.ts'
import { columns, findBlock, namesFrom, operatorNames, type Row, type RowSpec } from './blocks/index.ts'

const names: Readonly<Record<'name' | 'operator', Check>> = {
  name: {
    is: (name) => typeof name === 'string' && /^[\w.]+$/.test(name),
    must: 'a name such as blocks.3',
  },
  operator: named(operatorNames),
}

/** The value of a column, which may be a list. A value that is missing is null. */
const copied = (value: unknown): unknown => (Array.isArray(value) ? [...value] : (value ?? null))

/**
 * The row as model files keep it: the columns that its operator needs, and the other columns that it has, since other
 * versions of Kinglet read files in which every row has them. The order of columns is the same in all versions.
 */
function specOf(given: RowSpec | null, what: string): RowSpec {
  const row = given as unknown as Readonly<Record<string, unknown>> | null
  const needed = findBlock(row?.operator)?.row ?? {}
  const members = { ...names, ...columns, ...needed }
  const isKept = (name: string) => name in names || name in needed || (row?.[name] ?? null) !== null
  const kept = Object.keys(members).filter(isKept)
  const spec = Object.fromEntries(kept.map((name) => [name, copied(row?.[name])]))
  assertOptions(what, spec, members)
  return spec as unknown as RowSpec
}

/**
 * Returns the rows as model files keep them: only the members of a {@link RowSpec}, and a classifier of `classes`. Throws
 * a `UsageError` that names the row for an invalid one.
 */
export function rowSpecsOf(model: string, rows: readonly RowSpec[], classes: number): readonly RowSpec[] {
  const specs = rows.map((row, i) => {
    const what = `build ${model}: row ${row?.name ?? i}`
    const spec = specOf(row, what)
    if (rows.findIndex(({ name }) => name === spec.name) < i)
      throw new UsageError(`${what} is there twice: names must be distinct`)
    const before = rows.slice(0, i).map(({ name }) => name)
    const unknown = namesFrom(spec as Row).find((name) => !before.includes(name))
    if (unknown !== undefined)
      throw new UsageError(
        `${what}: from names ${unknown}: it must name rows before it, which are ${before.join(', ') || 'none'}`,
      )
    if (!isVector(spec) && i > 0 && isVector(rows[i - 1]))
      throw new UsageError(`${what} is ${spec.operator} after a ${rows[i - 1].operator} one: put it before`)
    return spec
  })
  const last = specs[specs.length - 1]
  if (!isVector(last) || last.name !== 'classifier')
    throw new UsageError(`build ${model}: the last row is ${last.name}: it must be classifier, and linear`)
  return [...specs.slice(0, -1), { ...last, out: classes }]
}

const isVector = ({ operator }: RowSpec): boolean => findBlock(operator)?.isVector ?? false
