/**
 * What of a network is timed by itself: its layers, cut where the engine stores a result. A convolution with its batch
 * norm, activation and the addition after it is one unit; so is a depthwise one. The mean and the product of
 * squeeze-and-excitation belong to the layer before them, because they compute its activation anew; the two small
 * products between are units of their own. A network's multiply-adds are exactly the sum over its units.
 *
 * Linear layers read each weight once: what they take is the time in which their weights come, and that depends on how
 * many other weights were read since the last run. So all weights of the network are the third of their counts.
 */

import type { Activation, Model, Row } from '../models/index.ts'
import type { Padding } from '../nn/index.ts'

type Act = Activation | 'none'

/**
 * `run`: what a run costs that does nothing: the input copied in, threads woken, the logits copied out. `steps`: what
 * layers cost because others ran before them, and left their code and data in the caches. `gate`: squeeze-and-excitation
 * without a layer before it.
 */
export type UnitKind = 'run' | 'steps' | 'conv' | 'depthwise' | 'gate' | 'pool' | 'max_pool' | 'linear'

/** A layer as it is timed: plain data, so that a page can be told what to time. */
export interface Unit {
  readonly kind: UnitKind
  /** Of what goes in. */
  readonly height: number
  readonly width: number
  /**
   * `conv`: in and out. `linear`: in, out, and KiB of all weights of the network. `run`: values that go in. `steps`: how
   * many layers. Others: those of the image.
   */
  readonly channels: readonly number[]
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  readonly padding: Padding
  readonly act: Act
  /** Followed by the mean over all pixels and the product with a gate. */
  readonly gated: boolean
  /** Followed by the addition of a shortcut, and this activation. */
  readonly add?: Act
}

const plain = {
  height: 1,
  width: 1,
  kernel: 1,
  stride: 1,
  dilation: 1,
  padding: 'torch',
  act: 'none',
  gated: false,
} as const satisfies Partial<Unit>

/** A run that takes in as many values, and does nothing with them. */
export const runUnit = (values: number): Unit => ({ ...plain, kind: 'run', channels: [values] })

/** Layers one after the other. */
export const stepsUnit = (count: number): Unit => ({ ...plain, kind: 'steps', channels: [count] })

/** KiB of all weights between which linear layers are measured; what is beyond counts as the last. */
export const weightSizes = [1024, 4096, 12_288, 24_576, 49_152] as const

/** Weights of a unit. */
export function weightsOf({ kind, kernel, channels: [from, to] }: Unit): number {
  if (kind === 'conv' || kind === 'linear') return kernel ** 2 * from * to
  return kind === 'depthwise' ? kernel ** 2 * from : 0
}

/**
 * The units of a network, in order and as often as they occur; the first are the run and the steps.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { layerOf, unitsOf } from 'kinglet/search'
 *
 * const units = unitsOf(build('mobilenet_v3_small'))
 * units.length // => 57
 * layerOf(units[2]) // => 'conv 224x224 3x3 stride 2 hard_swish'
 * units[2].channels // => [3, 16]
 * ```
 */
export function unitsOf({ rows, inputShape, architecture: { options } }: Model): Unit[] {
  const walk = new Walk(inputShape, options)
  for (const row of rows) cut[row.operator](walk, row)
  const { units } = walk
  const kib = Math.round(units.reduce((n, unit) => n + weightsOf(unit), 0) / 256)
  const among = Math.min(Math.max(kib, weightSizes[0]), weightSizes[weightSizes.length - 1])
  const layers = units.map((unit) => (unit.kind === 'linear' ? { ...unit, channels: [...unit.channels, among] } : unit))
  const [height, width, channels] = inputShape
  return [runUnit(height * width * channels), stepsUnit(layers.length), ...layers]
}

interface Conv {
  readonly out: number
  readonly kernel?: number
  readonly stride?: number
  readonly dilation?: number
  readonly act: Act
  /** Channels of squeeze-and-excitation behind it. */
  readonly squeeze?: number
  readonly add?: Act | undefined
}

/** Where a walk through the rows has come to: the size of the image there. */
class Walk {
  readonly units: Unit[] = []
  readonly padding: Padding
  readonly gate: Act
  height: number
  width: number
  channels: number

  constructor([height, width, channels]: readonly number[], options: Model['architecture']['options']) {
    this.height = height
    this.width = width
    this.channels = channels
    this.padding = options.padding
    this.gate = options.seGate
  }

  conv(spec: Conv): void {
    this.#window('conv', [this.channels, spec.out], spec)
    this.channels = spec.out
    this.#squeeze(spec.squeeze)
  }

  depthwise(spec: Omit<Conv, 'out'>): void {
    this.#window('depthwise', [this.channels], spec)
    this.#squeeze(spec.squeeze)
  }

  maxPool(kernel: number, stride: number): void {
    this.#window('max_pool', [this.channels], { kernel, stride, act: 'none' })
  }

  /** Squeeze-and-excitation of what is there. */
  gated(squeeze: number): void {
    const { height, width, channels } = this
    this.units.push({ ...plain, kind: 'gate', height, width, channels: [channels] })
    this.#squeeze(squeeze)
  }

  pool(): void {
    const { height, width, channels } = this
    this.units.push({ ...plain, kind: 'pool', height, width, channels: [channels] })
    this.height = this.width = 1
  }

  linear(out: number, act: Act): void {
    this.#product(this.height * this.width * this.channels, out, act)
    this.height = this.width = 1
    this.channels = out
  }

  #window(kind: UnitKind, channels: readonly number[], spec: Omit<Conv, 'out'>): void {
    const { height, width } = this
    const { kernel = 1, stride = 1, dilation = 1, act, squeeze = 0, add } = spec
    const padding = kernel > 1 ? this.padding : plain.padding
    this.units.push({
      ...{ kind, height, width, channels, kernel, stride, padding, act },
      dilation: kernel > 1 ? dilation : 1,
      gated: squeeze > 0,
      ...(add && { add }),
    })
    // Both styles of padding round up.
    this.height = Math.ceil(height / stride)
    this.width = Math.ceil(width / stride)
  }

  #squeeze(squeeze = 0): void {
    if (squeeze === 0) return
    this.#product(this.channels, squeeze, 'relu')
    this.#product(squeeze, this.channels, this.gate)
  }

  #product(from: number, to: number, act: Act): void {
    this.units.push({ ...plain, kind: 'linear', channels: [from, to], act })
  }
}

const same = (row: Row, walk: Walk): boolean => row.stride === 1 && walk.channels === row.out

/** The last convolution of a ResNet's block, and the addition: at the end of the projection where there is one. */
function residual(walk: Walk, row: Row, before: Walk['channels'], size: readonly [number, number], last: Conv): void {
  const direct = row.stride === 1 && before === row.out
  walk.conv({ ...last, add: direct ? row.act : undefined })
  if (direct) return
  ;[walk.height, walk.width] = size
  walk.channels = before
  walk.conv({ out: row.out, stride: row.stride, act: 'none', add: row.act })
}

/** How each operator of a table is cut. */
const cut: Record<Row['operator'], (walk: Walk, row: Row) => void> = {
  conv: (walk, row) => walk.conv({ ...windowOf(row), out: row.out, act: row.act }),

  separable(walk, row) {
    const { out, act, squeeze } = row
    if (row.standard) walk.conv({ ...windowOf(row), out, act, squeeze })
    else {
      walk.depthwise({ ...windowOf(row), act })
      walk.conv({ out, act, squeeze })
    }
  },

  bneck(walk, row) {
    const { exp, out, act, outAct, squeeze } = row
    const add = row.shortcut && same(row, walk) ? 'none' : undefined
    const expands = exp !== walk.channels
    if (expands) walk.conv({ out: exp, act, ...(row.standard && { squeeze }) })
    if (row.standard) {
      if (!expands && squeeze > 0) walk.gated(squeeze)
      walk.conv({ ...windowOf(row), out, act: outAct, add })
    } else {
      walk.depthwise({ ...windowOf(row), act, squeeze })
      walk.conv({ out, act: outAct, add })
    }
  },

  basic(walk, row) {
    const { out, kernel, dilation, act, squeeze, stride } = row
    const [before, size] = [walk.channels, [walk.height, walk.width] as const]
    walk.conv({ out, kernel, stride, dilation, act })
    residual(walk, row, before, size, { out, kernel, dilation, act: 'none', squeeze })
  },

  bottleneck(walk, row) {
    const { exp, out, act, squeeze } = row
    const [before, size] = [walk.channels, [walk.height, walk.width] as const]
    walk.conv({ out: exp, act })
    walk.conv({ ...windowOf(row), out: exp, act })
    residual(walk, row, before, size, { out, act: 'none', squeeze })
  },

  max_pool: (walk, row) => walk.maxPool(row.kernel, row.stride),
  pool: (walk) => walk.pool(),
  linear: (walk, row) => walk.linear(row.out, row.act),
}

const windowOf = ({ kernel, stride, dilation }: Row) => ({ kernel, stride, dilation })

/** A unit without its channels, in words: what is equal for units between whose channels a table interpolates. */
export function layerOf(unit: Unit): string {
  const { kind, height, width, kernel, stride, dilation, padding, act, gated, add } = unit
  if (kind === 'run' || kind === 'steps') return kind
  return [
    kind,
    ...(kind === 'linear' ? [] : [`${height}x${width}`]),
    ...(kind === 'conv' || kernel > 1 ? [`${kernel}x${kernel}`] : []),
    ...(stride > 1 ? [`stride ${stride}`] : []),
    ...(dilation > 1 ? [`dilation ${dilation}`] : []),
    ...(padding === plain.padding ? [] : [padding]),
    ...(act === 'none' ? [] : [act]),
    ...(gated ? ['se'] : []),
    ...(add === undefined ? [] : ['add', ...(add === 'none' ? [] : [add])]),
  ].join(' ')
}

/** A unit in words: `conv 14x14 1x1 relu, 40 to 120 channels`. */
export function describeUnit(unit: Unit): string {
  const { kind, channels } = unit
  if (kind === 'run') return `a run with ${channels[0]} values`
  if (kind === 'steps') return `${channels[0]} layers one after the other`
  const among = kind === 'linear' ? ` among ${channels[2]} KiB of weights` : ''
  return `${layerOf(unit)}, ${channels.slice(0, 2).join(' to ')} channels${among}`
}

/** Equal for entries of equal units. */
export const entryKey = ({ layer, channels }: { readonly layer: string; readonly channels: readonly number[] }) =>
  `${layer} / ${channels.join(' ')}`

/** Equal for equal units. */
export const unitKey = (unit: Unit): string => entryKey({ layer: layerOf(unit), channels: unit.channels })

/** Each unit once, in order. */
export const distinctUnits = (units: Iterable<Unit>): Unit[] => [
  ...new Map([...units].map((unit) => [unitKey(unit), unit])).values(),
]
