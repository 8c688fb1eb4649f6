/**
 * Which numbers of channels of a network may shrink, and what shrinks with each. Rows that a shortcut joins have one
 * number (a residual group); a depthwise convolution has that of its producer, a bneck without expansion that of its
 * input; the width of squeeze-and-excitation follows by its rule. The image's channels and the classes stay.
 *
 * What follows mirrors `models/blocks.ts`, operator by operator.
 */
import type { Model, Operator, Row } from '../models/index.ts'

/** One axis of a parameter. */
export interface Slice {
  readonly tensor: string
  readonly axis: number
}

/** Channels that are the same wherever they go: who drops one drops it from all of these. */
export interface Channels {
  readonly slices: readonly Slice[]
  /** Those of the slices whose entries are the filters that make the channels. */
  readonly filters: readonly Slice[]
}

/** A number of a row. */
export interface Field {
  readonly row: string
  readonly number: 'exp' | 'out'
}

/**
 * `expansion`: the inside of one block (expansion of a bneck, width of a ResNet bottleneck). `bottleneck`: what blocks
 * hand on to each other. `layer`: outputs of a convolution, a separable block of V1, or the hidden layer of the head.
 */
export type GroupKind = 'expansion' | 'bottleneck' | 'layer'

/** A number of channels that may shrink, and all that it is the number of. */
export interface Group {
  /** `blocks.3.exp`: the first of its fields. */
  readonly name: string
  readonly kind: GroupKind
  readonly count: number
  readonly fields: readonly Field[]
  /** Mostly one; two where a block has two layers of the same width one after the other. */
  readonly channels: readonly Channels[]
  /** Squeezed channels of the rows in which squeeze-and-excitation acts on this number. */
  readonly squeezed: readonly { readonly row: string; readonly channels: Channels }[]
  /** Counts that it cannot have now: an expansion as wide as its input is none, and the layer would vanish. */
  readonly apart: readonly number[]
}

interface Draft {
  readonly count: number
  readonly fields: Field[]
  readonly channels: Line[]
  readonly squeezed: { readonly row: string; readonly channels: Channels }[]
  readonly apart: Draft[]
}

interface Line {
  readonly of: Draft
  readonly slices: Slice[]
  readonly filters: Slice[]
}

const norms = ['gamma', 'beta', 'mean', 'variance']
const field = ({ name: row }: Row, number: Field['number']): Field => ({ row, number })
const keepsShape = (row: Row, x: Line): boolean => row.stride === 1 && x.of.count === row.out

/** Follows channels from layer to layer. */
class Wiring {
  /** All numbers so far; those without fields stay as they are, or follow a rule. */
  readonly drafts: Draft[] = []

  /** A number of channels; without a field it belongs to no row. */
  number(count: number, ...fields: Field[]): Draft {
    const made: Draft = { count, fields, channels: [], squeezed: [], apart: [] }
    this.drafts.push(made)
    return made
  }

  out(row: Row): Draft {
    return this.number(row.out, field(row, 'out'))
  }

  /** Channels anew, as many as `of` says. */
  line(of: Draft): Line {
    const own = { of, slices: [], filters: [] }
    of.channels.push(own)
    return own
  }

  /** `x` again, which `row` counts too. */
  also(x: Line, row: Row, number: Field['number']): Line {
    x.of.fields.push(field(row, number))
    return x
  }

  apart(a: Draft, b: Draft): void {
    a.apart.push(b)
    b.apart.push(a)
  }

  conv(layer: string, from: Line, to: Line): Line {
    from.slices.push({ tensor: `${layer}.conv.w`, axis: 2 })
    return this.#made(to, `${layer}.conv.w`, 3, layer)
  }

  depthwise(layer: string, x: Line): void {
    x.slices.push({ tensor: `${layer}.conv.w`, axis: 2 })
    this.#normed(layer, x)
  }

  linear(layer: string, from: Line, to: Line, bias = true): Line {
    from.slices.push({ tensor: `${layer}.w`, axis: 0 })
    if (bias) to.slices.push({ tensor: `${layer}.b`, axis: 0 })
    return this.#made(to, `${layer}.w`, 1)
  }

  squeezeExcite({ name, squeeze }: Row, x: Line): void {
    if (squeeze === 0) return
    const squeezed = this.linear(`${name}.se.reduce`, x, this.line(this.number(squeeze)))
    x.of.squeezed.push({ row: name, channels: squeezed })
    // The gate multiplies channels that are made elsewhere: its weights follow, and are not their filters.
    squeezed.slices.push({ tensor: `${name}.se.expand.w`, axis: 0 })
    x.slices.push({ tensor: `${name}.se.expand.w`, axis: 1 }, { tensor: `${name}.se.expand.b`, axis: 0 })
  }

  /** Output of a ResNet block: the input's channels, or others, through a convolution in the shortcut. */
  residual(row: Row, x: Line): Line {
    if (keepsShape(row, x)) return this.also(x, row, 'out')
    const out = this.line(this.out(row))
    if (row.stride === 1) this.apart(x.of, out.of)
    return this.conv(`${row.name}.downsample`, x, out)
  }

  #made(to: Line, tensor: string, axis: number, normed?: string): Line {
    const filter = { tensor, axis }
    to.slices.push(filter)
    to.filters.push(filter)
    if (normed !== undefined) this.#normed(normed, to)
    return to
  }

  #normed(layer: string, x: Line): void {
    x.slices.push(...norms.map((name) => ({ tensor: `${layer}.bn.${name}`, axis: 0 })))
  }
}

/** From the channels that go into a row to those that come out. */
const wirings: Record<Operator, (w: Wiring, x: Line, row: Row) => Line> = {
  conv: (w, x, row) => w.conv(row.name, x, w.line(w.out(row))),

  separable(w, x, row) {
    if (!row.standard) w.depthwise(`${row.name}.depthwise`, x)
    const out = w.conv(`${row.name}.${row.standard ? 'conv' : 'pointwise'}`, x, w.line(w.out(row)))
    w.squeezeExcite(row, out)
    return out
  },

  bneck(w, x, row) {
    let inner = x
    if (row.exp === x.of.count) w.also(x, row, 'exp')
    else {
      const expansion = w.number(row.exp, field(row, 'exp'))
      w.apart(expansion, x.of)
      inner = w.conv(`${row.name}.expand`, x, w.line(expansion))
    }
    if (!row.standard) w.depthwise(`${row.name}.depthwise`, inner)
    w.squeezeExcite(row, inner)
    const out = row.shortcut && keepsShape(row, x) ? w.also(x, row, 'out') : w.line(w.out(row))
    return w.conv(`${row.name}.${row.standard ? 'conv' : 'project'}`, inner, out)
  },

  basic(w, x, row) {
    const out = w.residual(row, x)
    w.conv(`${row.name}.conv2`, w.conv(`${row.name}.conv1`, x, w.line(out.of)), out)
    w.squeezeExcite(row, out)
    return out
  },

  bottleneck(w, x, row) {
    const width = w.number(row.exp, field(row, 'exp'))
    const inner = w.conv(`${row.name}.conv2`, w.conv(`${row.name}.conv1`, x, w.line(width)), w.line(width))
    const out = w.residual(row, x)
    w.conv(`${row.name}.conv3`, inner, out)
    w.squeezeExcite(row, out)
    return out
  },

  max_pool: (_, x) => x,
  pool: (_, x) => x,

  linear: (w, x, row) =>
    w.linear(row.name, x, w.line(row.name === 'classifier' ? w.number(row.out) : w.out(row)), row.bias),
}

function kindOf({ fields }: Draft, operators: ReadonlyMap<string, Operator>): GroupKind {
  const outs = fields.filter(({ number }) => number === 'out')
  if (outs.length === 0) return 'expansion'
  const ofBlocks: readonly (Operator | undefined)[] = ['bneck', 'basic', 'bottleneck']
  return outs.some(({ row }) => ofBlocks.includes(operators.get(row))) ? 'bottleneck' : 'layer'
}

/**
 * The groups of a network of the registry, in the order of its rows.
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
export function groupsOf({ rows, inputShape }: Model): Group[] {
  const w = new Wiring()
  const image = w.number(inputShape[2])
  let x = w.line(image)
  for (const row of rows) x = wirings[row.operator](w, x, row)
  const operators = new Map(rows.map((row) => [row.name, row.operator]))
  return w.drafts
    .filter((found) => found !== image && found.fields.length > 0)
    .map((found) => ({
      name: `${found.fields[0].row}.${found.fields[0].number}`,
      kind: kindOf(found, operators),
      count: found.count,
      fields: found.fields,
      channels: found.channels,
      squeezed: found.squeezed,
      apart: [...new Set(found.apart.map(({ count }) => count))],
    }))
}
