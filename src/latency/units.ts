/**
 * Units: the parts of a network that are timed by themselves. They are its layers, divided where the engine stores a
 * result. A convolution or depthwise convolution with its batch norm, activation and the addition after it is one unit.
 * The mean and the product of squeeze-and-excitation belong to the layer before them, because they recompute its
 * activation; the two small linear layers between are separate units. A network's multiply-adds are exactly the sum over
 * its units.
 *
 * Linear layers read each weight once. Their time is that of loading the weights, which depends on how many other weights
 * were read since the last run. So their third count is the size of all weights of the network.
 */

import type { Activation } from '../models/index.ts'
import type { Padding } from '../nn/index.ts'
import { type Pad, samePad, torchPad } from '../ops/index.ts'
import { type OpLayer, opText, opVaries, opWeights } from './op-layer.ts'

export type Act = Activation | 'none'

/**
 * `run`: the overhead of a run: copying the input in, waking threads, copying the logits out. `steps`: the extra cost of
 * layers because others ran before them and left their code and data in the caches. `gate`: squeeze-and-excitation without
 * a layer before it. `op`: any other op by itself.
 */
export type UnitKind = 'run' | 'steps' | 'conv' | 'depthwise' | 'gate' | 'pool' | 'max_pool' | 'linear' | 'op'

/** A layer that is timed, as plain data that can be sent to a page. */
export interface Unit {
  readonly kind: UnitKind
  /** Size of the input image. */
  readonly height: number
  readonly width: number
  /**
   * `conv`: channels in and out. `linear`: in, out, and KiB of all weights of the network. `run`: number of input values.
   * `steps`: number of layers. `op`: the channels in its shapes. Others: the image's channels.
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
  /** For kind `op`. */
  readonly op?: OpLayer
}

export const plain = {
  height: 1,
  width: 1,
  kernel: 1,
  stride: 1,
  dilation: 1,
  padding: 'torch',
  act: 'none',
  gated: false,
} as const satisfies Partial<Unit>

const pads: Record<Padding, (window: Window) => Pad> = {
  torch: ({ kernel, dilation }) => torchPad(kernel, dilation),
  same: ({ height, width, kernel, stride, dilation }) => samePad(height, width, kernel, stride, dilation),
}
type Window = Pick<Unit, 'height' | 'width' | 'kernel' | 'stride' | 'dilation'>

/** The zeros around an image for a window, by the style of padding. */
export const padOf = (window: Window, style: Padding): Pad => pads[style](window)

/** The same layer under the other style of padding, if both styles have the same zeros there; else undefined. */
export function sameByOtherPadding(unit: Unit): Unit | undefined {
  if (unit.kernel === 1) return undefined
  const padding = unit.padding === 'torch' ? 'same' : 'torch'
  const [own, other] = [padOf(unit, unit.padding), padOf(unit, padding)]
  return own.every((n, side) => n === other[side]) ? { ...unit, padding } : undefined
}

/** A run with `values` input values that computes nothing. */
export const runUnit = (values: number): Unit => ({ ...plain, kind: 'run', channels: [values] })

/** A sequence of `count` layers. */
export const stepsUnit = (count: number): Unit => ({ ...plain, kind: 'steps', channels: [count] })

/** Sizes of all weights, in KiB, at which linear layers are measured. Sizes beyond the ends count as the nearest end. */
export const weightSizes = [1024, 4096, 12_288, 24_576, 49_152] as const

/** Number of weights of a unit. */
export function weightsOf({ kind, kernel, channels, op }: Unit): number {
  const [from, to] = channels
  if (op) return opWeights(op, channels)
  if (kind === 'conv' || kind === 'linear') return kernel ** 2 * from * to
  return kind === 'depthwise' ? kernel ** 2 * from : 0
}

/** Describes a unit without its channels. A table interpolates between units for which this text is equal. */
export function layerOf(unit: Unit): string {
  const { kind, height, width, kernel, stride, dilation, padding, act, gated, add, op } = unit
  if (kind === 'run' || kind === 'steps') return kind
  if (op) return opText(op)
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

/** Describes a unit: `conv 14x14 1x1 relu, 40 to 120 channels`. */
export function describeUnit(unit: Unit): string {
  const { kind, channels, op } = unit
  if (kind === 'run') return `a run with ${channels[0]} values`
  if (kind === 'steps') return `${channels[0]} layers one after the other`
  const among = kind === 'linear' ? ` among ${channels[2]} KiB of weights` : ''
  const counts = op && !opVaries(op) ? '' : channels.slice(0, 2).join(' to ')
  return `${layerOf(unit)}${counts && `, ${counts} channels`}${among}`
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
