/**
 * What models add layers with. A layer is a scope (`blocks.3.expand`) with its parameters below it
 * (`blocks.3.expand.conv.w`, `.bn.gamma`), so that names in model files, tables and errors are the same. Batch norm has
 * its two modes here: the batch's statistics while training, with updates of the running ones as PyTorch makes them, and
 * running statistics in inference and in frozen layers.
 */
import { KingletError, keyOf, type Shape, size, UsageError } from '../core/index.ts'
import type { Update } from '../graph/index.ts'
import {
  add,
  batchNorm,
  channelMean,
  channelVariance,
  conv2d,
  depthwiseConv2d,
  dropout,
  type Init,
  linear,
  mul,
  type Pad,
  parameter,
  type Role,
  samePad,
  scope,
  torchPad,
  type Value,
} from '../ops/index.ts'
import type { ForwardOptions } from './network.ts'

/** `torch`: half of the kernel on every side. `same`: TensorFlow's, where an odd row goes to the bottom or right. */
export type Padding = 'torch' | 'same'

/**
 * How first weights are drawn. `he`: normal with variance 2 / fan-out, fan-out counted within a group (He et al. 2015),
 * and 0.01 for the classifier, as torchvision has it. `slim`: normal of deviation 0.09 cut at two deviations, as
 * TF-slim's MobileNets have it.
 */
export type Initializer = 'he' | 'slim'

const normal = (std: number): Init => ({ kind: 'normal', std })
const slim: Init = { kind: 'truncated_normal', std: 0.09 }
const initializers: Record<Initializer, { hidden(fanOut: number): Init; readonly classifier: Init }> = {
  he: { hidden: (fanOut) => normal(Math.sqrt(2 / fanOut)), classifier: normal(0.01) },
  slim: { hidden: () => slim, classifier: slim },
}
export const initializerNames = Object.keys(initializers) as readonly Initializer[]

const pads: Record<Padding, (x: Shape, kernel: number, stride: number, dilation: number) => Pad> = {
  torch: (_, kernel, __, dilation) => torchPad(kernel, dilation),
  same: ([, height, width], kernel, stride, dilation) => samePad(height, width, kernel, stride, dilation),
}
export const paddingNames = Object.keys(pads) as readonly Padding[]

export interface BuilderSettings {
  readonly padding: Padding
  readonly initializer: Initializer
  readonly batchNormEps: number
  /** Share of the batch's statistics in the new running ones (PyTorch's convention; TensorFlow's decay is 1 - this). */
  readonly batchNormMomentum: number
}

export interface WindowSpec {
  readonly kernel: number
  readonly stride?: number
  readonly dilation?: number
}

const zero: Init = { kind: 'constant', value: 0 }
const one: Init = { kind: 'constant', value: 1 }

/**
 * Adds layers to a graph.
 *
 * @example
 * ```ts
 * import { Builder } from 'kinglet/graph'
 * import { input, relu6 } from 'kinglet/ops'
 *
 * const settings = { padding: 'torch', initializer: 'he', batchNormEps: 1e-3, batchNormMomentum: 0.1 } as const
 * const b = new Builder(settings, { training: true })
 * const y = b.layer('stem', () => relu6(b.batchNorm(b.conv(input('x', [8, 32, 32, 3]), { out: 16, kernel: 3 }))))
 * y.shape // => [8, 32, 32, 16]
 * b.updates.map((u) => u.target.attrs.name) // => ['stem.bn.mean', 'stem.bn.variance']
 * ```
 */
export class Builder {
  /** New running statistics of the batch norms added so far. */
  readonly updates: Update[] = []
  readonly settings: BuilderSettings
  readonly #run: ForwardOptions
  #path = ''

  constructor(settings: BuilderSettings, run: ForwardOptions) {
    this.settings = settings
    this.#run = run
  }

  /** The name of the layer that is being added: layers within layers join theirs by dots. */
  get path(): string {
    return this.#path
  }

  /** Runs `body`; what it adds belongs to the layer `name`. */
  layer<T>(name: string, body: () => T): T {
    const outer = this.#path
    this.#path = outer ? `${outer}.${name}` : name
    try {
      return scope(name, body)
    } finally {
      this.#path = outer
    }
  }

  /** A parameter of this layer. */
  parameter(name: string, shape: Shape, role: Role, init: Init): Value {
    return parameter({ name: this.#named(name), shape, role, init })
  }

  /** Padding of this network's style for a window on x [N, H, W, C]. */
  pad(x: Value, { kernel, stride = 1, dilation = 1 }: WindowSpec): Pad {
    return pads[this.settings.padding](x.shape, kernel, stride, dilation)
  }

  /** x [N, H, W, Cin] to [N, H', W', out]. Parameter `conv.w` [kernel, kernel, Cin, out]. */
  conv(x: Value, spec: WindowSpec & { readonly out: number }): Value {
    const { out, kernel, stride = 1, dilation = 1 } = spec
    const shape = [kernel, kernel, x.shape[3], out]
    const w = this.parameter('conv.w', shape, 'weight', this.#hidden(kernel * kernel * out))
    return conv2d({ x, w }, { stride, dilation, pad: this.pad(x, spec) })
  }

  /** One filter for each channel: x [N, H, W, C] to [N, H', W', C]. Parameter `conv.w` [kernel, kernel, C]. */
  depthwise(x: Value, spec: WindowSpec): Value {
    const { kernel, stride = 1, dilation = 1 } = spec
    const shape = [kernel, kernel, x.shape[3]]
    const w = this.parameter('conv.w', shape, 'depthwise', this.#hidden(kernel * kernel))
    return depthwiseConv2d({ x, w }, { stride, dilation, pad: this.pad(x, spec) })
  }

  /** Batch norm over the last axis. Parameters `bn.gamma`, `bn.beta`, and the state `bn.mean`, `bn.variance`. */
  batchNorm(x: Value): Value {
    const { batchNormEps: eps, batchNormMomentum: m } = this.settings
    const channels = [x.shape[x.shape.length - 1]]
    const gamma = this.parameter('bn.gamma', channels, 'norm', one)
    const beta = this.parameter('bn.beta', channels, 'norm', zero)
    const running = {
      mean: this.parameter('bn.mean', channels, 'state', zero),
      variance: this.parameter('bn.variance', channels, 'state', one),
    }
    if (!this.#run.training || this.#run.frozen?.(this.#named('bn.gamma')))
      return batchNorm({ x, gamma, beta, ...running }, { eps })
    const n = size(x.shape) / channels[0]
    if (n < 2)
      throw new KingletError(
        `batch_norm ${this.#path}: each channel has 1 value in x [${x.shape.join(', ')}]: ` +
          'training needs 2 or more, use a larger batch or image',
      )
    const mean = channelMean({ x })
    const variance = channelVariance({ x })
    // The running variance is that of the population: n / (n - 1) times the batch's, as PyTorch keeps it.
    const into = (old: Value, now: Value, share: number) => add(mul(old, 1 - m), mul(now, share))
    this.updates.push(
      { target: running.mean, value: into(running.mean, mean, m) },
      { target: running.variance, value: into(running.variance, variance, (m * n) / (n - 1)) },
    )
    return batchNorm({ x, gamma, beta, mean, variance }, { eps })
  }

  /** x [N, K] to [N, out]. Parameters `w` [K, out] and `b` [out]; `classifier` draws the weights as a last layer's. */
  linear(x: Value, spec: { readonly out: number; readonly bias?: boolean; readonly classifier?: boolean }): Value {
    const init = spec.classifier ? initializers[this.settings.initializer].classifier : this.#hidden(spec.out)
    const w = this.parameter('w', [x.shape[1], spec.out], 'weight', init)
    return linear(x, w, spec.bias === false ? undefined : this.parameter('b', [spec.out], 'bias', zero))
  }

  /** Drops with probability `rate` while training; each layer has a stream of random numbers of its own. */
  dropout(x: Value, rate: number): Value {
    if (!this.#run.training || rate === 0) return x
    const { seed } = this.#run
    if (!seed) throw new UsageError(`dropout ${this.#path}: no seed: give forward an i32 scalar that changes each step`)
    return dropout({ x, seed }, { rate, stream: keyOf(this.#path) })
  }

  #hidden(fanOut: number): Init {
    return initializers[this.settings.initializer].hidden(fanOut)
  }

  #named(name: string): string {
    return this.#path ? `${this.#path}.${name}` : name
  }
}
