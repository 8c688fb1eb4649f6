/**
 * Makes graphs that time a unit on an engine: several copies of the layer, each with its own weights, on the same input.
 * The graph sums one value of each copy's result. So no copy is dead code, no result is copied out, and each copy
 * writes to the same memory as the one before. Activations are then as warm in the caches as in a network, and many copies
 * keep weights cold. The copies share the overhead of a run, which can be subtracted.
 */
import { size, type Tensor, tensor } from '../core/index.ts'
import { analyse, type Graph, parametersOf } from '../graph/index.ts'
import { activate } from '../models/index.ts'
import { Builder, type BuilderSettings } from '../nn/index.ts'
import { add, globalAvgPool, input, maxPool, mul, reshape, sliceFirst, type Value } from '../ops/index.ts'
import { buildOp, opInputs } from './op-layer.ts'
import { type Unit, weightsOf } from './units.ts'

const settings = { initializer: 'he', batchNormEps: 1e-3, batchNormMomentum: 0.1 } as const

/** Mean over pixels and product, as in squeeze-and-excitation; the mean stands in for the gate. */
const gate = (y: Value): Value => mul(y, globalAvgPool(y))

const window = ({ kernel, stride, dilation }: Unit) => ({ kernel, stride, dilation })

/** The values, by shape, that a layer reads besides its image and its weights. */
type Others = (shape: readonly number[]) => Value
type Layer = (b: Builder, x: Value, unit: Unit, others: Others) => Value
type LayerKind = Exclude<Unit['kind'], 'run' | 'steps'>
const layers: Record<LayerKind, Layer> = {
  conv: (b, x, unit) => activate(b.batchNorm(b.conv(x, { ...window(unit), out: unit.channels[1] })), unit.act),
  depthwise: (b, x, unit) => activate(b.batchNorm(b.depthwise(x, window(unit))), unit.act),
  gate: (_, x) => gate(x),
  pool: (_, x) => globalAvgPool(x),
  max_pool: (b, x, unit) =>
    maxPool({ x }, { kernel: [unit.kernel, unit.kernel], stride: unit.stride, pad: b.pad(x, window(unit)) }),
  linear: (b, x, unit) => activate(b.linear(x, { out: unit.channels[1] }), unit.act),
  op: (b, x, { op, channels }, others) => buildOp(op!, channels, b.path, x, others),
}

function shapeIn({ kind, height, width, channels, op }: Unit): readonly number[] {
  if (op) return opInputs(op, channels)[0]
  if (kind === 'run' || kind === 'steps') return [channels[0]]
  return kind === 'linear' ? [1, channels[0]] : [1, height, width, channels[0]]
}

/** The first value of v, as a view. */
const first = (v: Value): Value => sliceFirst({ x: reshape({ x: v }, { shape: [size(v.shape), 1] }) }, { from: 0 })

/** The offset in values between the images of two copies: a cache line where that divides the image. */
const stepOf = (length: number): number => [16, 4, 2, 1].find((n) => length % n === 0)!

/**
 * `copies` images in the same memory, each one step after the one before. Over a single image, equal expressions of all
 * copies would be computed only once.
 */
function imagesIn(shape: readonly number[], copies: number): { readonly x: Value; readonly images: readonly Value[] } {
  const length = size(shape)
  const step = stepOf(length)
  const x = input('x', [length / step + copies - 1, step])
  const images = Array.from({ length: copies }, (_, from) =>
    reshape({ x: sliceFirst({ x }, { from, count: length / step }) }, { shape }),
  )
  return { x, images }
}

/** The unit's layer on `x` under `name`, with its activation, gate and addition. `others` gives the added values. */
function layerOn(name: string, unit: Unit, x: Value, others: Others): Value {
  const builder: BuilderSettings = { ...settings, padding: unit.padding }
  const b = new Builder(builder)
  return b.layer(name, () => {
    const plain = layers[unit.kind as LayerKind](b, x, unit, others)
    const y = unit.gated ? gate(plain) : plain
    return unit.add === undefined ? y : activate(add(y, others(y.shape)), unit.add)
  })
}

/**
 * Adds one value of `y` to `sum`. The view stops fusion: without it all sums would fuse into one expression at the end of
 * the graph.
 */
const counted = (sum: Value, y: Value): Value => add(reshape({ x: sum }, { shape: [1] }), first(y))

const ballastInputs = 1024

/**
 * A graph with `copies` copies of the unit's layer; 0 copies time the overhead alone. A product that is independent of
 * the layer reads `ballast` weights before the copies. Inputs: `x`; `shortcut` if one is added; `ballast` if there is any.
 */
export function unitGraph(unit: Unit, copies: number, ballast = 0): Graph {
  const { x, images } = imagesIn(shapeIn(unit), Math.max(1, copies))
  let sum = add(first(x), 1)
  const outputs = Math.round(ballast / ballastInputs)
  if (outputs > 0) {
    const b = new Builder({ ...settings, padding: 'torch' })
    sum = counted(
      sum,
      b.layer('ballast', () => b.linear(input('ballast', [1, ballastInputs]), { out: outputs })),
    )
  }
  // All copies add the same values.
  const added = new Map<string, Value>()
  const others: Others = (shape) => {
    const known = added.get(String(shape)) ?? input(added.size === 0 ? 'shortcut' : `shortcut${added.size}`, shape)
    added.set(String(shape), known)
    return known
  }
  if (unit.kind !== 'run')
    for (const [i, image] of images.slice(0, copies).entries())
      sum = counted(sum, layerOn(`copy${i}`, unit, image, others))
  return { outputs: { sum }, updates: [] }
}

/** A graph of different layers one after the other, each once, all on the same memory. */
export function mixtureGraph(units: readonly Unit[]): Graph {
  const length = Math.max(...units.map((unit) => Math.max(size(shapeIn(unit)), shortcutOf(unit))))
  const x = input('x', [length + units.length, 1])
  const imageAt = (from: number) => (shape: readonly number[]) =>
    reshape({ x: sliceFirst({ x }, { from, count: size(shape) }) }, { shape })
  let sum = add(first(x), 1)
  for (const [i, unit] of units.entries())
    sum = counted(sum, layerOn(`layer${i}`, unit, imageAt(i)(shapeIn(unit)), imageAt(i)))
  return { outputs: { sum }, updates: [] }
}

/** Number of input values in a run of a mixture. */
export const valuesIntoMixture = (units: readonly Unit[]): number =>
  units.length + Math.max(...units.map((unit) => Math.max(size(shapeIn(unit)), shortcutOf(unit))))

/** Number of values of the shortcut, or of an op's further inputs. */
function shortcutOf({ add, height, width, stride, channels, op }: Unit): number {
  if (op) {
    const shapes = new Map(
      opInputs(op, channels)
        .slice(1)
        .map((shape) => [String(shape), size(shape)]),
    )
    return [...shapes.values()].reduce((n, length) => n + length, 0)
  }
  return add === undefined ? 0 : Math.ceil(height / stride) * Math.ceil(width / stride) * channels[channels.length - 1]
}

/** Number of input values in a run of the unit's graph, shortcut included. */
export function valuesInto(unit: Unit, copies = 1): number {
  const length = size(shapeIn(unit))
  return length + (copies - 1) * stepOf(length) + shortcutOf(unit)
}

/** Multiply-adds of a unit, and the bytes that it reads and writes: an estimate of its time. */
export function workOf(unit: Unit) {
  const { kind, height, width, kernel, stride, channels, op } = unit
  if (op) return opWork(unit)
  const [from, to = from] = channels
  const pixels = kind === 'pool' ? 1 : Math.ceil(height / stride) * Math.ceil(width / stride)
  const weights = weightsOf(unit)
  const macs = kind === 'max_pool' ? pixels * kernel ** 2 * from : pixels * weights
  return { macs, weightBytes: 4 * weights, bytes: 4 * (weights + height * width * from + pixels * to) }
}

function opWork(unit: Unit) {
  const { macs } = analyse(unitGraph(unit, 1)).total
  const weightBytes = 4 * weightsOf(unit)
  // It writes about as much as it reads.
  return { macs, weightBytes, bytes: weightBytes + 8 * valuesInto(unit) }
}

const noise = Float32Array.from({ length: 65536 }, (_, i) => ((i * 7919) % 65536) / 32768 - 1)

/** Values from -1 to 1; none is so small that arithmetic slows down. */
export function filled(length: number): Float32Array {
  const values = new Float32Array(length)
  for (let at = 0; at < length; at += noise.length)
    values.set(noise.subarray(0, Math.min(noise.length, length - at)), at)
  return values
}

/** Weights for a graph that is timed. Their values do not matter, but each has its own memory. */
export const anyWeights = (graph: Graph): Map<string, Tensor> =>
  new Map(
    [...parametersOf(graph)].map(([name, { shape }]) => [
      name,
      tensor(shape, name.includes('.bn.') ? new Float32Array(size(shape)).fill(1) : filled(size(shape))),
    ]),
  )
