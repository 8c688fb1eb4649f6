/**
 * What of a network is timed by itself: its layers, cut where the engine stores a result. A convolution with its batch
 * norm, activation and the addition after it is one unit; so is a depthwise one. The mean and the product of
 * squeeze-and-excitation belong to the layer before them, because they compute its activation anew; the two small
 * products between are units of their own. A network's multiply-adds are exactly the sum over its units.
 *
 * Linear layers read each weight once: what they take is the time in which their weights come, and that depends on how
 * many other weights were read since the last run. So all weights of the network are the third of their counts.
 */

import type { Activation } from '../models/index.ts'
import type { Padding } from '../nn/index.ts'
import { type Pad, samePad, torchPad } from '../ops/index.ts'
import { type OpLayer, opText, opVaries, opWeights } from './op-layer.ts'

export type Act = Activation | 'none'

/**
 * `run`: what a run costs that does nothing: the input copied in, threads woken, the logits copied out. `steps`: what
 * layers cost because others ran before them, and left their code and data in the caches. `gate`: squeeze-and-excitation
 * without a layer before it. `op`: any other op by itself.
 */
export type UnitKind = 'run' | 'steps' | 'conv' | 'depthwise' | 'gate' | 'pool' | 'max_pool' | 'linear' | 'op'

/** A layer as it is timed: plain data, so that a page can be told what to time. */
export interface Unit {
  readonly kind: UnitKind
  /** Of what goes in. */
  readonly height: number
  readonly width: number
  /**
   * `conv`: in and out. `linear`: in, out, and KiB of all weights of the network. `run`: values that go in. `steps`: how
   * many layers. `op`: those of its shapes. Others: those of the image.
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
  /** Of kind `op`. */
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

/** Zeros around an image of a window, by the style of padding. */
export const padOf = (window: Window, style: Padding): Pad => pads[style](window)

/** The same layer by the other name of its padding, where both styles have the same zeros there; else none. */
export function sameByOtherPadding(unit: Unit): Unit | undefined {
  if (unit.kernel === 1) return undefined
  const padding = unit.padding === 'torch' ? 'same' : 'torch'
  const [own, other] = [padOf(unit, unit.padding), padOf(unit, padding)]
  return own.every((n, side) => n === other[side]) ? { ...unit, padding } : undefined
}

/** A run that takes in as many values, and does nothing with them. */
export const runUnit = (values: number): Unit => ({ ...plain, kind: 'run', channels: [values] })

/** Layers one after the other. */
export const stepsUnit = (count: number): Unit => ({ ...plain, kind: 'steps', channels: [count] })

/** KiB of all weights between which linear layers are measured; what is beyond counts as the last. */
export const weightSizes = [1024, 4096, 12_288, 24_576, 49_152] as const

/** Weights of a unit. */
export function weightsOf({ kind, kernel, channels, op }: Unit): number {
  const [from, to] = channels
  if (op) return opWeights(op, channels)
  if (kind === 'conv' || kind === 'linear') return kernel ** 2 * from * to
  return kind === 'depthwise' ? kernel ** 2 * from : 0
}

/** A unit without its channels, in words: what is equal for units between whose channels a table interpolates. */
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

/** A unit in words: `conv 14x14 1x1 relu, 40 to 120 channels`. */
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
