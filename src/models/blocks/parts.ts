/**
 * The parts of blocks. Squeeze-and-excitation: Hu et al. 2018, arXiv:1709.01507; its place and gate in V3:
 * arXiv:1905.02244, figure 4.
 */
import type { Builder, WindowSpec } from '../../nn/index.ts'
import { add, flatten, globalAvgPool, hardSigmoid, mul, relu, reshape, sigmoid, type Value } from '../../ops/index.ts'
import { type Activation, activate } from './activation.ts'
import type { BlockOptions } from './define.ts'

type Act = Activation | 'none'

const gates = { sigmoid, hard_sigmoid: hardSigmoid }

export const channelsOf = (x: Value): number => x.shape[x.shape.length - 1]

/** Convolution, batch norm, activation, as one layer. */
export const conv = (
  b: Builder,
  name: string,
  x: Value,
  spec: WindowSpec & { readonly out: number },
  act: Act,
): Value => b.layer(name, () => activate(b.batchNorm(b.conv(x, spec)), act))

/** Depthwise convolution, batch norm, activation, as one layer. */
export const depthwise = (b: Builder, name: string, x: Value, spec: WindowSpec, act: Act): Value =>
  b.layer(name, () => activate(b.batchNorm(b.depthwise(x, spec)), act))

/** x times a gate for each channel. A bottleneck of two linear layers computes the gates from the channels' means. */
export function squeezeExcite(
  b: Builder,
  x: Value,
  { squeeze }: { readonly squeeze: number },
  { seGate }: BlockOptions,
): Value {
  if (squeeze === 0) return x
  const channels = channelsOf(x)
  return b.layer('se', () => {
    const mean = b.layer('pool', () => flatten(globalAvgPool(x)))
    const squeezed = b.layer('reduce', () => relu(b.linear(mean, { out: squeeze })))
    const gate = b.layer('expand', () => gates[seGate](b.linear(squeezed, { out: channels })))
    return b.layer('scale', () => mul(x, reshape({ x: gate }, { shape: [0, 1, 1, -1] })))
  })
}

/** y plus the block's input, where the row has a shortcut and the shapes are equal. */
export const addShortcut = (
  b: Builder,
  y: Value,
  x: Value,
  row: { readonly shortcut: boolean; readonly stride: number },
): Value => (row.shortcut && row.stride === 1 && channelsOf(x) === channelsOf(y) ? b.layer('add', () => add(y, x)) : y)

/** ResNet's shortcut: y plus the block's input, which goes through a 1x1 convolution where the shape changes. */
export function addProjected(
  b: Builder,
  y: Value,
  x: Value,
  { out, stride, act }: { readonly out: number; readonly stride: number; readonly act: Act },
): Value {
  const through =
    stride === 1 && channelsOf(x) === out ? x : conv(b, 'downsample', x, { out, kernel: 1, stride }, 'none')
  return b.layer('add', () => activate(add(y, through), act))
}
