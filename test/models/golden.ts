/** Golden values and the weights and images they were computed with, formed by the rule of `make_fixtures.py`. */
import { keyOf, type Shape, size, type Tensor } from '../../src/core/index.ts'
import { parametersOf } from '../../src/graph/index.ts'
import { type BuildOptions, build, type Model, type ModelName } from '../../src/models/index.ts'
import type { ParameterAttrs } from '../../src/ops/index.ts'
import { textOf } from '../support/sources.ts'
import { fanIn, layersOf, type Source, torchName, torchOrder } from './torch-names.ts'

export interface Summary {
  readonly shape: Shape
  readonly mean: number
  readonly absMean: number
  /** The first 8 values, NCHW. */
  readonly head: readonly number[]
}
interface Case {
  readonly source: Source
  readonly model: string
  readonly args: { readonly width_mult?: number }
  readonly size: number
}
export interface ForwardCase extends Case {
  readonly kind: 'forward'
  readonly batchNormEps: readonly number[]
  readonly blocks: readonly Summary[]
  readonly logits: readonly number[]
  readonly parameters: number
}
export interface TrainCase extends Case {
  readonly kind: 'train'
  readonly batch: number
  readonly classes: number
  readonly optimizer: { readonly lr: number; readonly momentum: number; readonly weightDecay: number }
  readonly batchNormMomentum: readonly number[]
  readonly losses: readonly number[]
  readonly firstStepGradients: Readonly<Record<string, { readonly norm: number; readonly probe: number }>>
  readonly evalLogitsAfter: readonly (readonly number[])[]
}
const cases = ['golden.json', 'more.json'].flatMap(
  (file) => JSON.parse(textOf(`test/fixtures/golden/${file}`)).cases as (ForwardCase | TrainCase)[],
)
export const forwardCases = cases.filter((c) => c.kind === 'forward')
export const trainCases = cases.filter((c) => c.kind === 'train')

/** The chaotic case (README beside the fixtures): how many losses repeat, in double precision, to the tolerance. */
export const lossesThatRepeat = (c: TrainCase): number =>
  c.model === 'mobilenet_v2' && c.size === 32 ? 6 : c.losses.length

/** The registry's network for a source's model. timm's `tf_` models pad as TensorFlow does. */
const ours: Readonly<Record<string, readonly [ModelName, BuildOptions]>> = {
  'torchvision mobilenet_v2': ['mobilenet_v2', { batchNormEps: 1e-5 }],
  'torchvision mobilenet_v3_large': ['mobilenet_v3_large', { batchNormEps: 1e-3 }],
  'torchvision mobilenet_v3_small': ['mobilenet_v3_small', { batchNormEps: 1e-3 }],
  'timm mobilenetv1_100': ['mobilenet_v1', { batchNormEps: 1e-5 }],
  'timm mobilenetv2_100': ['mobilenet_v2', { batchNormEps: 1e-5 }],
  'timm mobilenetv3_large_100': ['mobilenet_v3_large', { batchNormEps: 1e-5 }],
  'timm tf_mobilenetv3_small_075': [
    'mobilenet_v3_small',
    { width: 0.75, widthRule: 'timm', batchNormEps: 1e-3, padding: 'same' },
  ],
  'timm tf_mobilenetv3_small_minimal_100': ['mobilenet_v3_small_minimalistic', { batchNormEps: 1e-3, padding: 'same' }],
}

export const titleOf = (c: Case): string =>
  `${c.source} ${c.model}${c.args.width_mult ? ` x${c.args.width_mult}` : ''} @${c.size}`

/** Golden values were computed from doubles; engines receive them rounded to float32. */
export type Precision = 'single' | 'double'
const zeros = (length: number, precision: Precision): Float32Array =>
  // Oracles only index and assign, so an array of doubles works too.
  precision === 'single' ? new Float32Array(length) : (new Float64Array(length) as unknown as Float32Array)

export function modelOf(c: ForwardCase | TrainCase, precision: Precision = 'single'): Model {
  const [name, options] = ours[`${c.source} ${c.model}`]
  const model = build(name, {
    ...options,
    size: c.size,
    ...(c.args.width_mult !== undefined && { width: c.args.width_mult }),
    ...(c.kind === 'train' && { classes: c.classes, dropout: 0, batchNormMomentum: c.batchNormMomentum[0] }),
  })
  model.weights = new Map(
    [...parametersOf(model.graph())].map(([key, { attrs }]) => [key, formed(c, attrs, precision)]),
  )
  return model
}

/** mulberry32 started at fnv1a32(name): its first `n` outputs, in [0, 1). */
export function uniform(name: string, n: number): Float64Array {
  const start = keyOf(name)
  const values = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const a = (start + Math.imul(i + 1, 0x6d2b79f5)) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    values[i] = ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return values
}

export const nameIn = (c: Case, name: string): string => torchName(layersOf[`${c.source} ${c.model}`], name)

/** A parameter's values, in our order. */
function formed(c: Case, { name, shape, role }: ParameterAttrs, precision: Precision): Tensor {
  const u = uniform(nameIn(c, name), size(shape))
  const leaf = name.slice(name.lastIndexOf('.') + 1)
  const bound = Math.sqrt(6 / fanIn(shape))
  const order = torchOrder(shape)
  const data = zeros(order.length, precision)
  // A loop for each kind: there are tens of millions of these numbers.
  if (leaf === 'mean' || leaf === 'beta' || role === 'bias')
    for (let i = 0; i < data.length; i++) data[i] = 0.2 * (u[order[i]] - 0.5)
  else if (leaf === 'variance' || leaf === 'gamma') for (let i = 0; i < data.length; i++) data[i] = 0.5 + u[order[i]]
  else for (let i = 0; i < data.length; i++) data[i] = (2 * u[order[i]] - 1) * bound
  return { shape, dtype: 'f32', data }
}

/** Images, NHWC, of values drawn in order NCHW. */
export function images(batch: number, side: number, precision: Precision = 'single'): Float32Array {
  const u = uniform('input', batch * 3 * side * side)
  const x = zeros(u.length, precision)
  for (let n = 0, i = 0; n < batch; n++)
    for (let p = 0; p < side * side; p++)
      for (let c = 0; c < 3; c++, i++) x[i] = 2 * u[(n * 3 + c) * side * side + p] - 1
  return x
}

/** [batch, classes], 1 at each label. */
export function targets(batch: number, classes: number): Float32Array {
  const y = new Float32Array(batch * classes)
  for (const [n, u] of uniform('labels', batch).entries()) y[n * classes + Math.floor(u * classes)] = 1
  return y
}

/** A feature map [1, H, W, C] as the fixtures hold it. */
export function summary({ shape: [n, h, w, channels], data }: Tensor): Summary {
  let [sum, absolute] = [0, 0]
  for (const x of data) {
    sum += x
    absolute += Math.abs(x)
  }
  const head = Array.from({ length: 8 }, (_, i) => data[(i % (h * w)) * channels + Math.floor(i / (h * w))])
  return { shape: [n, channels, h, w], mean: sum / data.length, absMean: absolute / data.length, head }
}

/** Largest |got - want| / max(|want|, scale). */
export function largestError(got: ArrayLike<number>, want: ArrayLike<number>, scale: number): number {
  let worst = got.length === want.length ? 0 : Number.POSITIVE_INFINITY
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i] - want[i]) / Math.max(Math.abs(want[i]), scale)
    // A NaN counts as an infinite error.
    worst = error <= worst ? worst : Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
  }
  return worst
}

/** Euclidean. */
export function norm(x: ArrayLike<number>): number {
  let squares = 0
  for (let i = 0; i < x.length; i++) squares += x[i] ** 2
  return Math.sqrt(squares)
}

export const rms = (x: ArrayLike<number>): number => norm(x) / Math.sqrt(x.length)
