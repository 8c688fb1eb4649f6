/**
 * The builder with which models add layers. A layer is a scope (`blocks.3.expand`) with its parameters below it
 * (`blocks.3.expand.conv.w`, `.bn.gamma`), so that model files, tables and errors use the same names. The builder makes
 * the declared form of a network: batch norm over running statistics, and dropout as a mark. `forms.ts` makes the
 * inference and training forms from it.
 */
import type { Shape } from '../core/index.ts'
import {
  batchNorm,
  conv2d,
  depthwiseConv2d,
  type Init,
  linear,
  type Pad,
  parameter,
  type Role,
  samePad,
  scope,
  torchPad,
  trainingDropout,
  type Value,
} from '../ops/index.ts'

/** `torch`: half of the kernel on every side. `same`: as TensorFlow, with an odd row at the bottom or right. */
export type Padding = 'torch' | 'same'

/**
 * How initial weights are drawn. `he`: normal with variance 2 / fan-out, where fan-out is counted within a group (He et al.
 * 2015), and with deviation 0.01 for the classifier, as in torchvision. `slim`: normal with deviation 0.09, truncated at
 * two deviations, as in TF-slim's MobileNets.
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
 * const b = new Builder(settings)
 * const y = b.layer('stem', () => relu6(b.batchNorm(b.conv(input('x', [1, 32, 32, 3]), { out: 16, kernel: 3 }))))
 * y.shape // => [1, 32, 32, 16]
 * y.scope // => 'stem'
 * ```
 */
export class Builder {
  readonly settings: BuilderSettings
  #path = ''

  constructor(settings: BuilderSettings) {
    this.settings = settings
  }

  /** The name of the current layer. The names of nested layers are joined by dots. */
  get path(): string {
    return this.#path
  }

  /** Runs `body`. Values that it adds belong to the layer `name`. */
  layer<T>(name: string, body: () => T): T {
    const outer = this.#path
    this.#path = outer ? `${outer}.${name}` : name
    try {
      return scope(name, body)
    } finally {
      this.#path = outer
    }
  }

  /** Adds a parameter to the current layer. */
  parameter(name: string, shape: Shape, role: Role, init: Init): Value {
    return parameter({ name: this.#named(name), shape, role, init })
  }

  /** The padding of a window on x [N, H, W, C], in this network's style. */
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
    const { batchNormEps: eps, batchNormMomentum: momentum } = this.settings
    const channels = [x.shape[x.shape.length - 1]]
    const gamma = this.parameter('bn.gamma', channels, 'norm', one)
    const beta = this.parameter('bn.beta', channels, 'norm', zero)
    const mean = this.parameter('bn.mean', channels, 'state', zero)
    const variance = this.parameter('bn.variance', channels, 'state', one)
    return batchNorm({ x, gamma, beta, mean, variance }, { eps, momentum })
  }

  /** x [N, K] to [N, out]. Parameters `w` [K, out] and `b` [out]. `classifier` draws the weights as for a last layer. */
  linear(x: Value, spec: { readonly out: number; readonly bias?: boolean; readonly classifier?: boolean }): Value {
    const init = spec.classifier ? initializers[this.settings.initializer].classifier : this.#hidden(spec.out)
    const w = this.parameter('w', [x.shape[1], spec.out], 'weight', init)
    return linear(x, w, spec.bias === false ? undefined : this.parameter('b', [spec.out], 'bias', zero))
  }

  /** Drops values with probability `rate` while training. Each layer has its own stream of random numbers. */
  dropout(x: Value, rate: number): Value {
    return rate === 0 ? x : trainingDropout({ x }, { rate })
  }

  #hidden(fanOut: number): Init {
    return initializers[this.settings.initializer].hidden(fanOut)
  }

  #named(name: string): string {
    return this.#path ? `${this.#path}.${name}` : name
  }
}
