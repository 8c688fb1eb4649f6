/**
 * Finds the numbers of a network's rows in its weights: which axes of which parameters have, for example, `exp` entries.
 * There is no list of them: a row is built with one number changed, and the axes whose length then differs have that
 * number.
 */
import type { Shape } from '../core/index.ts'
import { parametersOf } from '../graph/index.ts'
import { Builder } from '../nn/index.ts'
import { input, type Value } from '../ops/index.ts'
import { buildRow, channelsIn, namesFrom, type Row } from './blocks/index.ts'
import type { Model } from './network.ts'

/** An axis of a parameter. */
export interface ParameterAxis {
  readonly tensor: string
  readonly axis: number
}

/** A number of channels of a row. */
export interface RowNumber {
  /** The column: `exp`, `out`. */
  readonly number: string
  readonly count: number
  readonly axes: readonly ParameterAxis[]
  /** True if the row would lose a layer when this number is equal to its input channels. */
  readonly isApart: boolean
}

/** The numbers of channels of a row. */
export interface RowChannels {
  readonly row: Row
  /** The input channels. */
  readonly input: { readonly count: number; readonly axes: readonly ParameterAxis[] }
  readonly numbers: readonly RowNumber[]
  /** Axes of the channels between the two layers of squeeze-and-excitation; none without it. */
  readonly squeezed: readonly ParameterAxis[]
}

interface Built {
  readonly y: Value
  readonly shapes: ReadonlyMap<string, Shape>
}

/** The axes whose lengths differ, of the parameters that both have. */
const changed = (before: Built, after: Built): ParameterAxis[] =>
  [...before.shapes].flatMap(([tensor, shape]) => {
    const other = after.shapes.get(tensor)
    return shape.flatMap((length, axis) => (other && other[axis] !== length ? [{ tensor, axis }] : []))
  })

const hasSameLayers = (a: Built, b: Built): boolean =>
  a.shapes.size === b.shapes.size && [...a.shapes.keys()].every((name) => b.shapes.has(name))

/** The numbers of all rows of a network of the registry, in their order. */
export function rowChannelsOf({ rows, inputShape, architecture: { options } }: Model): RowChannels[] {
  const outputs = new Map<string, Shape>()
  const build = (row: Row, shape: Shape, from: readonly Shape[]): Built => {
    const others = from.map((shape, i) => input(`from.${i}`, shape))
    const y = buildRow(new Builder(options), input('x', shape), row, options, others)
    const parameters = parametersOf({ outputs: { y }, updates: [] })
    return { y, shapes: new Map([...parameters].map(([name, v]) => [name, v.shape])) }
  }
  let shape: Shape = [1, ...inputShape]
  return rows.map((row) => {
    const from = namesFrom(row).map((name) => outputs.get(name)!)
    const own = build(row, shape, from)
    const count = shape[shape.length - 1]
    const columns = channelsIn(row)
    // A number that no other column has: equal numbers would add or remove layers.
    const other = 1 + Math.max(count, ...columns.map(([, n]) => n))
    const withNumber = (name: string, to: number) => build({ ...row, [name]: to }, shape, from)
    // Inputs with as many channels change together: a block may add them.
    const widened = (of: Shape): Shape => (of.at(-1) === count ? of.with(-1, other) : of)
    const found: RowChannels = {
      row,
      input: { count, axes: changed(own, build(row, widened(shape), from.map(widened))) },
      numbers: columns.map(([number, n]) => ({
        ...{ number, count: n },
        axes: changed(own, withNumber(number, other)),
        isApart: n !== count && !hasSameLayers(own, withNumber(number, count)),
      })),
      squeezed: row.squeeze > 0 ? changed(own, withNumber('squeeze', row.squeeze + 1)) : [],
    }
    shape = own.y.shape
    outputs.set(row.name, shape)
    return found
  })
}
