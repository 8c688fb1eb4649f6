/**
 * Times each kernel of a network on one thread and compares it with the limits of this machine, measured in the same
 * run. A kernel takes at least the time of its multiply-adds at the limit of independent chains, and at least the time
 * to read its operands and write its result once. The longer of the two is its floor.
 */
import { type Quartiles, quartiles, Rng, type Shape, size } from '../../core/index.ts'
import type { Network } from '../../nn/index.ts'
import { type Determinism, moveMs, multiplyAddLimit, profile, type StepProfile } from '../../wasm/index.ts'

/** One kernel of a network. A multiply-add counts as two operations. */
export interface LayerTime {
  /** `blocks.3.expand` */
  readonly layer: string
  /** `packed_matmul`, `depthwise_conv2d`, `sums`, ... */
  readonly kernel: string
  readonly output: Shape
  readonly macs: number
  readonly readBytes: number
  readonly writtenBytes: number
  readonly timeMs: Quartiles
  /** Share of the time of all kernels. */
  readonly share: number
  readonly gflops: number
  /** Share of the limit of multiply-adds. */
  readonly shareOfLimit: number
  /** Bytes read and written per second, in units of 1e9. */
  readonly gigabytesPerSecond: number
  /** The same for a copy of as many bytes. */
  readonly copyGigabytesPerSecond: number
  /** The limit that determines the floor. */
  readonly boundBy: 'arithmetic' | 'memory'
  /** Time of the kernel divided by its floor. */
  readonly timesFloor: number
}

export interface LayerTimes {
  /** Limit of multiply-adds in 128-bit vectors on one thread. */
  readonly limitGflops: number
  /** True if the limit is that of fused multiply-adds, which the kernels then use too. */
  readonly fused: boolean
  /** Time of one run: the sum over all kernels. */
  readonly latencyMs: Quartiles
  readonly gflops: number
  readonly shareOfLimit: number
  readonly layers: readonly LayerTime[]
}

export interface LayerOptions {
  readonly batch: number
  readonly rounds: number
  readonly warmup: number
  readonly seed: number
  readonly deterministic?: Determinism | undefined
  onRun(done: number, of: number): Promise<void>
}

/** Joins the consecutive phases of each kernel. */
function kernelsOf(steps: readonly StepProfile[]): StepProfile[] {
  const kernels: StepProfile[] = []
  for (const step of steps) {
    const before = kernels.at(-1)
    if (step.phase === 0 || !before) kernels.push(step)
    else kernels[kernels.length - 1] = { ...before, times: before.times.map((ms, run) => ms + step.times[run]) }
  }
  return kernels
}

/** Times each kernel of a network's inference on random images. */
export async function timeLayers(model: Network, options: LayerOptions): Promise<LayerTimes> {
  const { batch, rounds: runs, warmup, seed, deterministic = 'here', onRun } = options
  const rng = new Rng(seed)
  const x = Float32Array.from({ length: batch * size(model.inputShape) }, () => rng.between(-1, 1))
  const before = await multiplyAddLimit()
  const kernels = kernelsOf(
    await profile(model.graph(batch), {
      ...{ weights: model.weights, freeze: true, inputs: { x }, runs, warmup, deterministic, onRun },
    }),
  )
  // Measured before and after, because the clock rate of a processor varies.
  const after = await multiplyAddLimit()
  const fused = deterministic === 'here' && before.relaxedGmacs !== undefined
  const gmacsOf = ({ gmacs, relaxedGmacs = 0 }: typeof before) => (fused ? relaxedGmacs : gmacs)
  const limit = Math.max(gmacsOf(before), gmacsOf(after))

  const latencyMs = quartiles(kernels[0].times.map((_, run) => kernels.reduce((n, k) => n + k.times[run], 0)))
  // Shares refer to the sum of the medians, so that they add up to 1 even if background load disturbed some runs.
  const inAll = kernels.reduce((n, k) => n + quartiles(k.times).median, 0)
  const copies = new Map<string, number>()
  const layers: LayerTime[] = []
  for (const { layer, op, shape, macs, readBytes, writtenBytes, times } of kernels) {
    const key = `${readBytes} ${writtenBytes}`
    const copyMs = copies.get(key) ?? (await moveMs(readBytes, writtenBytes))
    copies.set(key, copyMs)
    const timeMs = quartiles(times)
    const { median } = timeMs
    const arithmeticMs = macs / limit / 1e6
    layers.push({
      ...{ layer, kernel: op, output: shape, macs, readBytes, writtenBytes, timeMs },
      share: median / inAll,
      gflops: (2 * macs) / median / 1e6,
      shareOfLimit: arithmeticMs / median,
      gigabytesPerSecond: (readBytes + writtenBytes) / median / 1e6,
      copyGigabytesPerSecond: (readBytes + writtenBytes) / copyMs / 1e6,
      boundBy: arithmeticMs > copyMs ? 'arithmetic' : 'memory',
      timesFloor: median / Math.max(arithmeticMs, copyMs),
    })
  }
  const gmacs = kernels.reduce((n, k) => n + k.macs, 0) / latencyMs.median / 1e6
  return { limitGflops: 2 * limit, fused, latencyMs, gflops: 2 * gmacs, shareOfLimit: gmacs / limit, layers }
}
