/**
 * Finds which numbers of channels of a network may shrink, and what shrinks with each. They come from its graph
 * (`channelGroupsOf`). In a network with rows, a group stands for one number of its rows. Rows joined by a shortcut share
 * one number, and so may two layers of a block. The width of squeeze-and-excitation follows by its rule. The image's
 * channels and the classes do not shrink.
 */
import { blockOf, isModel, type Model, type ParameterAxis, type RowChannels, rowChannelsOf } from '../models/index.ts'
import type { Network } from '../nn/index.ts'
import { type ChannelGroup, type Channels, channelGroupsOf, type Slice } from './channels.ts'
import { canShrink } from './cuts.ts'

/** A number of a row: `exp`, `out`. */
export interface Field {
  readonly row: string
  readonly number: string
}

/**
 * `expansion`: channels inside one block (expansion of a bneck, width of a ResNet bottleneck). `bottleneck`: channels
 * between residual blocks. `layer`: outputs of a convolution, a separable block of V1, or the hidden layer of the head.
 */
export type GroupKind = 'expansion' | 'bottleneck' | 'layer'

/** A number of channels that may shrink, and all channels that it counts. */
export interface Group {
  /** `blocks.3.exp`: the first of its fields. */
  readonly name: string
  readonly kind: GroupKind
  readonly count: number
  readonly fields: readonly Field[]
  /** Usually one; two where a block has two consecutive layers of the same width. */
  readonly channels: readonly Channels[]
  /** The squeezed channels of the rows whose squeeze-and-excitation acts on these channels. */
  readonly squeezed: readonly { readonly row: string; readonly channels: Channels }[]
  /** Counts that it cannot have: for example an expansion as wide as its input, which would have no layer. */
  readonly apart: readonly number[]
}

/** A group whose rows are still being read. */
interface Draft {
  readonly count: number
  readonly fields: Field[]
  readonly channels: Set<ChannelGroup>
  readonly squeezed: Group['squeezed'][number][]
  readonly apart: Set<number>
}

const keyOf = ({ tensor, axis }: Pick<Slice, 'tensor' | 'axis'>): string => `${tensor} ${axis}`

/** Reads rows in order and joins the graph's groups that share one number. */
class Reading {
  readonly #byAxis: ReadonlyMap<string, ChannelGroup>
  readonly #drafts = new Map<ChannelGroup, Draft>()

  constructor(groups: readonly ChannelGroup[]) {
    this.#byAxis = new Map(groups.flatMap((group) => group.slices.map((slice) => [keyOf(slice), group] as const)))
  }

  #groups(axes: readonly ParameterAxis[]): ReadonlySet<ChannelGroup> {
    return new Set(axes.map((axis) => this.#byAxis.get(keyOf(axis))).filter((group) => group !== undefined))
  }

  /** The draft of the first of these groups that has one. */
  #draft(axes: readonly ParameterAxis[]): Draft | undefined {
    return [...this.#groups(axes)].map((group) => this.#drafts.get(group)).find((draft) => draft !== undefined)
  }

  row({ row, input, numbers, squeezed }: RowChannels): void {
    for (const { number, count, axes, isApart } of numbers) {
      const groups = this.#groups(axes)
      if (groups.size === 0) continue
      const draft: Draft = this.#draft(axes) ?? {
        ...{ count, fields: [], channels: new Set(), squeezed: [], apart: new Set() },
      }
      draft.fields.push({ row: row.name, number })
      for (const group of groups) {
        draft.channels.add(group)
        this.#drafts.set(group, draft)
      }
      if (!isApart) continue
      draft.apart.add(input.count)
      this.#draft(input.axes)?.apart.add(count)
    }
    for (const channels of this.#groups(squeezed)) {
      // Squeeze-and-excitation acts on the channels that its first layer reads.
      const reads = channels.filters.map(({ tensor }) => ({ tensor, axis: 0 }))
      this.#draft(reads)?.squeezed.push({ row: row.name, channels: channelsOf(channels) })
    }
  }

  get drafts(): readonly Draft[] {
    return [...new Set(this.#drafts.values())]
  }
}

const channelsOf = ({ slices, filters }: ChannelGroup): Channels => ({ slices, filters })

function kindOf({ fields }: Draft, residual: ReadonlySet<string>): GroupKind {
  const outs = fields.filter(({ number }) => number === 'out')
  if (outs.length === 0) return 'expansion'
  return outs.some(({ row }) => residual.has(row)) ? 'bottleneck' : 'layer'
}

/** The groups of a network without rows: one for each group of its graph. */
const groupsOfGraph = (network: Network): Group[] =>
  channelGroupsOf(network.graph())
    .filter((group) => canShrink(network, group, group.count))
    .map((group) => ({
      ...{ name: group.name, kind: 'layer', count: group.count, fields: [], channels: [channelsOf(group)] },
      ...{ squeezed: [], apart: [] },
    }))

/**
 * Returns the groups of a network, in the order of its rows. A group of a network without rows has the name of its first
 * filters' parameter; these groups are in the order in which the filters were made.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { groupsOf } from 'kinglet/search'
 *
 * const groups = groupsOf(build('mobilenet_v2', { classes: 10 }))
 * groups.slice(0, 3).map((g) => `${g.name} ${g.count} ${g.kind}`)
 * // => ['stem.out 32 layer', 'blocks.0.out 16 bottleneck', 'blocks.1.exp 96 expansion']
 * const shared = groups.find((g) => g.fields.length > 2)!
 * shared.fields.map((f) => f.row) // => ['blocks.3', 'blocks.4', 'blocks.5']
 * ```
 */
export const groupsOf = (network: Network): Group[] =>
  isModel(network) ? groupsOfRows(network) : groupsOfGraph(network)

function groupsOfRows(model: Model): Group[] {
  const reading = new Reading(channelGroupsOf(model.graph()))
  for (const row of rowChannelsOf(model)) reading.row(row)
  const residual = new Set(model.rows.filter((row) => blockOf(row).kind === 'residual').map(({ name }) => name))
  return reading.drafts.map((draft) => ({
    name: `${draft.fields[0].row}.${draft.fields[0].number}`,
    kind: kindOf(draft, residual),
    count: draft.count,
    fields: draft.fields,
    channels: [...draft.channels].map(channelsOf),
    squeezed: draft.squeezed,
    apart: [...draft.apart],
  }))
}
