/**
 * Divides an inference graph into the units that are timed. A convolution, depthwise convolution or linear layer begins
 * a unit. Batch norm, bias and activation after it belong to the unit, and so do the mean and product of
 * squeeze-and-excitation and the addition of a shortcut: the engine computes them where it stores the result. Any other op
 * is a unit by itself.
 */
import { size } from '../core/index.ts'
import { type Graph, inputsOf, roots, topological } from '../graph/index.ts'
import { activationNames } from '../models/index.ts'
import { type Padding, paddingNames } from '../nn/index.ts'
import type { Pad, Value } from '../ops/index.ts'
import { type ImageGate, imageGatesOf } from './gates.ts'
import { opLayerOf } from './op-layer.ts'
import { type Act, padOf, plain, runUnit, stepsUnit, type Unit, weightSizes, weightsOf } from './units.ts'

/** A unit that later nodes may still extend. */
interface Draft {
  unit: Unit
  /** The unit's first node. A gate joins the unit only if it belongs to the same block. */
  readonly node: Value
}

const isActivation = (name: string): name is Act => (activationNames as readonly string[]).includes(name)

interface Window {
  readonly kernel: readonly number[]
  readonly stride: number
  readonly dilation: number
  readonly pad: Pad
}

/** The styles of padding that give a window the zeros that it has. */
function stylesOf({ shape }: Value, { kernel, stride, dilation, pad }: Window): Padding[] {
  const [height, width] = kernel
  if (height !== width) return []
  const [, imageHeight, imageWidth] = shape
  const own = { height: imageHeight, width: imageWidth, kernel: height, stride, dilation }
  return paddingNames.filter((style) => padOf(own, style).every((n, side) => n === pad[side]))
}

type Kind = 'conv' | 'depthwise' | 'max_pool' | 'pool' | 'linear'
interface Description {
  readonly kind: Kind
  readonly channels: readonly number[]
  readonly window?: Window
}

/** Ops that begin a unit of their own kind; undefined where the op is used in another way. */
const descriptions: Readonly<Record<string, (v: Value, isData: (x: Value) => boolean) => Description | undefined>> = {
  conv2d: ({ inputs: [_x, w], attrs }, isData) =>
    attrs.groups === 1 && !isData(w)
      ? { kind: 'conv', channels: w.shape.slice(2), window: { ...attrs, kernel: w.shape.slice(0, 2) } }
      : undefined,
  depthwise_conv2d: ({ inputs: [, w], attrs }, isData) =>
    isData(w)
      ? undefined
      : { kind: 'depthwise', channels: [w.shape[2]], window: { ...attrs, kernel: w.shape.slice(0, 2) } },
  max_pool: ({ inputs: [x], attrs }) => ({
    kind: 'max_pool',
    channels: [x.shape[3]],
    window: { ...attrs, dilation: 1 },
  }),
  reduce_sum: ({ inputs: [{ shape }], attrs: { axes } }) =>
    shape.length === 4 && String(axes) === '1,2' ? { kind: 'pool', channels: [shape[3]] } : undefined,
  matmul: ({ inputs: [a, b], attrs: { transA, transB } }, isData) =>
    a.shape[0] === 1 && !transA && !transB && !isData(b) ? { kind: 'linear', channels: b.shape } : undefined,
}

/** Walks a graph, node by node. */
class Walk {
  readonly drafts: Draft[] = []
  readonly #gates: ReadonlyMap<Value, ImageGate>
  readonly #data: ReadonlySet<Value>
  /** Of each value, the unit whose result it is. */
  readonly #owners = new Map<Value, Draft>()
  readonly #style: Padding | undefined

  constructor(nodes: readonly Value[], data: ReadonlySet<Value>) {
    this.#data = data
    this.#gates = imageGatesOf(nodes, data)
    this.#style = styleOf(nodes)
  }

  readonly #isData = (x: Value): boolean => this.#data.has(x)

  visit(v: Value): void {
    const draft = this.#draftOf(v)
    if (draft) this.#owners.set(v, draft)
  }

  /** The unit whose result v is: a new one, or that of one of its inputs. */
  #draftOf(v: Value): Draft | undefined {
    const gate = this.#gates.get(v)
    if (gate) return v === gate.product ? this.#owners.get(gate.mean) : this.#gated(gate)
    const given = v.inputs.filter(this.#isData)
    const owner = this.#owners.get(given[0])
    if (v.op.viewOffset && v.inputs.length === 1) return owner
    if (v.op.affine && owner && given.length === 1) return owner
    if (v.op.isElementwise) return this.#elementwise(v, given) ?? this.#op(v)
    return this.#layer(v) ?? this.#op(v)
  }

  #add(node: Value, unit: Unit): Draft {
    const draft = { unit, node }
    this.drafts.push(draft)
    return draft
  }

  /** Squeeze-and-excitation of an image: its mean and product belong to the layer that makes the image. */
  #gated({ image, product }: ImageGate): Draft {
    const owner = this.#owners.get(image)
    const takes = owner && (owner.unit.kind === 'conv' || owner.unit.kind === 'depthwise')
    if (takes && !owner.unit.gated && owner.unit.add === undefined && isWithin(product.scope, owner.node.scope)) {
      owner.unit = { ...owner.unit, gated: true }
      return owner
    }
    const [, height, width, channels] = image.shape
    return this.#add(product, { ...plain, kind: 'gate', height, width, channels: [channels] })
  }

  #elementwise(v: Value, given: readonly Value[]): Draft | undefined {
    const [one, ...others] = new Set(given)
    if (others.length > 0) return this.#sum(v, given)
    const owner = this.#owners.get(one)
    if (!owner || v.inputs.length > 1) return owner
    return isActivation(v.op.name) ? this.#activated(owner, v.op.name) : undefined
  }

  #activated(owner: Draft, act: Act): Draft | undefined {
    const { kind, add, gated, act: before } = owner.unit
    if (kind !== 'conv' && kind !== 'depthwise' && kind !== 'linear') return undefined
    if (add === undefined ? before !== 'none' || gated : add !== 'none') return undefined
    owner.unit = { ...owner.unit, ...(add === undefined ? { act } : { add: act }) }
    return owner
  }

  /** The addition of a shortcut (or another op of two images) belongs to the later layer. */
  #sum({ shape }: Value, given: readonly Value[]): Draft | undefined {
    const last = given.reduce((a, b) => (b.id > a.id ? b : a))
    const owner = this.#owners.get(last)
    const isFull = given.length === 2 && given.every((x) => size(x.shape) === size(shape))
    if (!owner || !isFull || owner.unit.add !== undefined) return undefined
    if (owner.unit.kind !== 'conv' && owner.unit.kind !== 'depthwise') return undefined
    owner.unit = { ...owner.unit, add: 'none' }
    return owner
  }

  #layer(v: Value): Draft | undefined {
    const found = Object.hasOwn(descriptions, v.op.name) && descriptions[v.op.name](v, this.#isData)
    if (!found) return undefined
    const { kind, channels, window } = found
    const [x] = v.inputs
    const [height, width] = kind === 'linear' ? [1, 1] : x.shape.slice(1)
    const unit = { ...plain, kind, height, width, channels: [...channels] }
    if (!window) return this.#add(v, unit)
    const { stride, dilation, kernel } = window
    const styles = stylesOf(x, window)
    const style = this.#style ?? styles[0]
    if (!styles.includes(style)) return undefined
    const isWindow = kernel[0] > 1
    const padding = isWindow ? style : plain.padding
    return this.#add(v, { ...unit, kernel: kernel[0], stride, padding, dilation: isWindow ? dilation : 1 })
  }

  #op(v: Value): Draft {
    return this.#add(v, { ...plain, kind: 'op', ...opLayerOf(v, this.#isData) })
  }
}

/** Whether `scope` is in the block that contains the layer `layer`. */
function isWithin(scope: string, layer: string): boolean {
  const block = layer.includes('.') ? layer.slice(0, layer.lastIndexOf('.')) : layer
  return block === '' || scope === block || scope.startsWith(`${block}.`)
}

/**
 * The style of padding of a network: the one that all its windows have. Most windows have the same zeros in both styles.
 * Undefined where the windows have no style in common.
 */
function styleOf(nodes: readonly Value[]): Padding | undefined {
  const windows = nodes.flatMap((v) => {
    const window = Object.hasOwn(descriptions, v.op.name) && descriptions[v.op.name](v, () => false)?.window
    return window && window.kernel[0] > 1 ? [stylesOf(v.inputs[0], window)] : []
  })
  return paddingNames.find((style) => windows.every((styles) => styles.includes(style)))
}

/**
 * Returns the units of an inference graph, in order and as often as they occur. The first two are the run and the steps.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { layerOf, layerUnitsOf } from 'kinglet/search'
 *
 * const units = layerUnitsOf(build('mobilenet_v3_small').graph())
 * units.length // => 57
 * layerOf(units[2]) // => 'conv 224x224 3x3 stride 2 hard_swish'
 * units[2].channels // => [3, 16]
 * ```
 */
export function layerUnitsOf(graph: Graph): Unit[] {
  const inputs = [...inputsOf(graph).values()]
  const data = new Set<Value>(inputs)
  const nodes = topological(roots(graph))
    .sort((a, b) => a.id - b.id)
    .filter((v) => v.inputs.some((x) => data.has(x)) && data.add(v))
  const walk = new Walk(nodes, data)
  for (const v of nodes) walk.visit(v)
  const units = walk.drafts.map(({ unit }) => unit)
  const kib = Math.round(units.reduce((n, unit) => n + weightsOf(unit), 0) / 256)
  const among = Math.min(Math.max(kib, weightSizes[0]), weightSizes[weightSizes.length - 1])
  const layers = units.map((unit) => (unit.kind === 'linear' ? { ...unit, channels: [...unit.channels, among] } : unit))
  return [runUnit(inputs.reduce((n, { shape }) => n + size(shape), 0)), stepsUnit(layers.length), ...layers]
}

/** The units of a network. */
export const unitsOf = (network: { graph(): Graph }): Unit[] => layerUnitsOf(network.graph())
