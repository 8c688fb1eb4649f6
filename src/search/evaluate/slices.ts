/**
 * Sub-networks as slices of one set of weights, as in Once-for-all (Cai et al. 2020, arXiv:1908.09791): the middle of a
 * window, the first channels, and the first blocks of a stage. Layers that a sub-network leaves out (an expansion, a
 * gate) are not sliced.
 */
import { assert, KingletError, showShape, size, stridesOf, type Tensor, tensor } from '../../core/index.ts'
import { parametersOf } from '../../graph/index.ts'
import type { Model } from '../../models/index.ts'
import type { Point } from '../space/space.ts'
import type { NetworkOf } from './network.ts'

/** Describes the sub-networks of a supernet. */
export interface Slicing {
  /** The network of a point. Its initial weights do not matter. */
  readonly networkOf: NetworkOf
  /** The point of the supernet itself. No other point may exceed it in any choice. */
  readonly largest: Point
  /**
   * Number of blocks in each stage. Required where points differ in depth; `stageDepths` makes one for a space by name.
   */
  readonly depthsOf?: (point: Point) => readonly number[]
}

/**
 * Maps the name of a parameter in the sub-network to its name in the supernet, including names of its state
 * (`momentum/...`).
 */
export function namesIn({ largest, depthsOf }: Slicing, point: Point): (name: string) => string {
  if (!depthsOf) return (name) => name
  const [own, all] = [depthsOf(point), depthsOf(largest)]
  assert(
    own.length === all.length && own.every((depth, i) => depth <= all[i]),
    `supernet: a point has stages of ${own.join(', ')} blocks, the supernet of ${all.join(', ')}: give the largest ` +
      'point as largest',
  )
  const places: number[] = []
  let from = 0
  for (const [i, depth] of own.entries()) {
    for (let b = 0; b < depth; b++) places.push(from + b)
    from += all[i]
  }
  return (name) =>
    name.replace(/^((?:\w+\/)?blocks\.)(\d+)/, (_, before, block) => {
      if (Number(block) < places.length) return `${before}${places[Number(block)]}`
      throw new KingletError(
        `supernet: depthsOf says that a point has ${places.length} blocks, its network has a block ${block}: the two ` +
          'do not belong together',
      )
    })
}

/** Visits the rows of a slice along the last axis: where each row starts in the whole and in the slice. */
function eachRow(name: string, whole: Tensor, shape: Tensor['shape'], visit: (at: number, own: number) => void): void {
  assert(
    shape.length === whole.shape.length && shape.every((d, i) => d <= whole.shape[i]),
    () =>
      `supernet: ${name} is ${showShape(shape)} in a sub-network, ${showShape(whole.shape)} in the supernet: give the ` +
      'largest point as largest',
  )
  // In tensors of three or four axes, the first two are the window.
  const starts = shape.map((d, i) => (shape.length > 2 && i < 2 ? Math.floor((whole.shape[i] - d) / 2) : 0))
  const strides = stridesOf(whole.shape)
  const outer = shape.slice(0, -1)
  const at = outer.map(() => 0)
  const row = shape[shape.length - 1] ?? 1
  for (let own = 0, rows = size(outer); own < rows; own++) {
    visit(
      at.reduce((sum, a, i) => sum + (a + starts[i]) * strides[i], 0),
      own * row,
    )
    for (let i = at.length - 1; i >= 0 && ++at[i] === outer[i]; i--) at[i] = 0
  }
}

/** The part of `whole` that a sub-network with a tensor of `shape` uses. `name` is for errors. */
export function takeSlice(name: string, whole: Tensor, shape: Tensor['shape']): Tensor {
  const data = new Float32Array(size(shape))
  const row = shape[shape.length - 1] ?? 1
  eachRow(name, whole, shape, (at, own) => data.set(whole.data.subarray(at, at + row), own))
  return tensor(shape, data)
}

/** Writes `part` back to the place that {@link takeSlice} read it from. */
export function putSlice(name: string, whole: Tensor, part: Tensor): void {
  const row = part.shape[part.shape.length - 1] ?? 1
  eachRow(name, whole, part.shape, (at, own) => whole.data.set(part.data.subarray(own, own + row), at))
}

/** The slices of `whole` for all `wanted` tensors, by the names of the sub-network. */
export function takeAll(
  whole: ReadonlyMap<string, Tensor>,
  wanted: Iterable<readonly [name: string, shape: Tensor['shape']]>,
  nameOf: (name: string) => string,
): Map<string, Tensor> {
  const found = new Map<string, Tensor>()
  for (const [name, shape] of wanted) {
    const from = whole.get(nameOf(name))
    if (!from)
      throw new KingletError(
        `supernet: a sub-network has ${name} ${showShape(shape)}, the supernet has no ${nameOf(name)}: give a point ` +
          'that has every layer as largest',
      )
    found.set(name, takeSlice(name, from, shape))
  }
  return found
}

/**
 * Makes the network of `point`, with copies of its slices of the supernet's weights. Its batch norm statistics are
 * those of the supernet: call {@link recalibrate} before using it. Throws a `KingletError` for a point outside the
 * supernet.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { subNetwork } from 'kinglet/search'
 *
 * const networkOf = ({ width }: Readonly<Record<string, unknown>>) =>
 *   build('mobilenet_v1', { width: Number(width), size: 16, classes: 2 })
 * const supernet = networkOf({ width: 0.5 })
 * const sub = await subNetwork(supernet, { width: 0.25 }, { networkOf, largest: { width: 0.5 } })
 * const channels = [supernet, sub].map((net) => net.weights.get('stem.bn.gamma')!.shape[0])
 * channels // => [16, 8]
 * sub.weights.get('stem.conv.w')!.data[0] === supernet.weights.get('stem.conv.w')!.data[0] // => true
 * ```
 */
export async function subNetwork(supernet: Model, point: Point, slicing: Slicing): Promise<Model> {
  const model = await slicing.networkOf(point, 0)
  const wanted = [...parametersOf(model.graph())].map(([name, { shape }]) => [name, shape] as const)
  model.weights = takeAll(supernet.weights, wanted, namesIn(slicing, point))
  return model
}
