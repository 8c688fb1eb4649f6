/**
 * The network of a point: the rows of the base network, changed where the point has a choice. A block beyond those of
 * the base repeats the stage's last block. The last convolution keeps its ratio to the last block.
 */
import { oneOf, UsageError } from '../../core/index.ts'
import { type BuildOptions, build, type Model, makeDivisible, type Row, reductionFor } from '../../models/index.ts'
import { type Base, baseOf } from './base.ts'
import { assertMeanings, meaningIn } from './meanings.ts'
import { isNetworkSpace } from './named.ts'
import { listed } from './points.ts'
import { assertPoint, type Choice, type Point, type Scalar, type Space } from './space.ts'
import { type NetworkSpaceName, networkSpaceNames } from './tables.ts'

/** The arguments of `build` that a point does not set. */
export type NetworkOptions = Omit<
  BuildOptions,
  'rows' | 'width' | 'widthRule' | 'outputStride' | 'activation' | 'se' | 'head'
>

/** The value of the first of `names` that the point has, or `otherwise`. */
function pick<T extends Scalar>(point: Point, otherwise: T, ...names: readonly string[]): T {
  const name = names.find((n) => Object.hasOwn(point, n))
  return name === undefined ? otherwise : (point[name] as T)
}

/** The rows for `build`: those of the base network, changed where the point has a choice. */
export function rowsAt({ table, before, stages, after }: Base, point: Point): Row[] {
  const width = pick(point, 1, 'width')
  const scaled = (channels: number): number => (channels === 0 ? 0 : makeDivisible(channels * width))
  const rows: Row[] = before.map((row) => ({ ...row, out: scaled(pick(point, row.out, `${row.name}.width`)) }))
  let channels = rows[rows.length - 1].out
  let count = 0
  for (const [i, blocks] of stages.entries()) {
    const stage = `${table.called}${i + 1}`
    const depth = pick(point, blocks.length, `${stage}.depth`)
    for (let b = 0; b < depth; b++) {
      const own = blocks[Math.min(b, blocks.length - 1)]
      const chosen = <T extends Scalar>(otherwise: T, aspect: string): T =>
        pick(point, otherwise, `${stage}.block${b + 1}.${aspect}`, `${stage}.${aspect}`)
      const ratio = chosen(own.ratio * chosen(1, 'expansion'), 'ratio')
      const out = scaled(chosen(own.out, 'width'))
      rows.push({
        ...own,
        name: `blocks.${count++}`,
        stride: b === 0 ? own.stride : 1,
        kernel: chosen(own.kernel, 'kernel'),
        se: chosen(own.se, 'se'),
        act: chosen(own.act, 'act'),
        exp: ratio === 0 ? 0 : makeDivisible(channels * ratio),
        out,
      })
      channels = out
    }
  }
  const ownOut = stages[stages.length - 1].at(-1)?.out ?? 1
  return [
    ...rows,
    ...after.map((row) => ({
      ...row,
      out:
        row.name === 'last'
          ? makeDivisible((channels * row.out) / ownOut)
          : scaled(pick(point, row.out, `${row.name}.width`)),
    })),
  ]
}

/**
 * Builds the network of a point of an architecture space, with initial weights from `options.seed`. `space` may be the
 * name of a table: then the point may be partial, and the paper's network fills in the rest. Choices of training are
 * ignored.
 *
 * The side of images is `resolution`, or `options.size` where the point has no such choice. Small images are treated as
 * `kinglet train` treats them: first strides become 1 until the last feature map of the space's largest resolution has
 * three pixels, unless `options.reduction` is given. Throws for an invalid point, and for a space without networks.
 *
 * @example
 * ```ts
 * import { networkOf, spaceOf } from 'kinglet/search'
 *
 * const net = networkOf('v3-small', { 'stage2.depth': 3, 'stage2.kernel': 5, resolution: 64 }, { classes: 10 })
 * net.rows.filter((row) => row.out === 24).map((row) => row.kernel) // => [5, 5, 5]
 * net.graph().outputs.logits.shape // => [1, 10]
 * ```
 */
export function networkOf(space: NetworkSpaceName | Space, point: Point, options: NetworkOptions = {}): Model {
  const what = typeof space === 'string' ? `space ${space}` : `space ${space.name}`
  const name = typeof space === 'string' ? space : isNetworkSpace(space) ? space.network : undefined
  if (name === undefined || !networkSpaceNames.includes(name))
    throw new UsageError(`${what} has no networks: use, or join it with, ${oneOf(networkSpaceNames)}`)
  if (typeof space !== 'string') assertPoint(space, point)
  // A space may have choices that Kinglet does not know. In a bare point such a name is a mistake.
  const named = Object.entries(point).filter(([own]) => typeof space === 'string' || meaningIn(name, own))
  const chosen = Object.fromEntries(
    named.map(([own, value]): [string, Choice] => [own, { kind: 'categorical', values: [value] }]),
  )
  assertMeanings(chosen, name, what, typeof space === 'string' ? chosen : space.choices)
  const base = baseOf(name)
  const { size: given = 224, ...others } = options
  const size = Object.hasOwn(point, 'resolution') ? (point.resolution as number) : given
  const sides =
    typeof space !== 'string' && Object.hasOwn(space.choices, 'resolution')
      ? listed(space.choices.resolution).map(Number)
      : [typeof size === 'number' ? size : Math.min(...size)]
  return build(base.table.base, {
    reduction: reductionFor(Math.max(...sides)),
    dropout: pick(point, base.dropout, 'dropout'),
    ...others,
    size,
    rows: rowsAt(base, point),
  })
}
