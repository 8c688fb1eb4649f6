/**
 * Where the time of a network goes, kernel by kernel, on one thread: beside what this machine can do at most, measured
 * in the same run. A kernel takes at least the time of its multiply-adds at the limit of independent chains, and at
 * least that of reading its operands and writing its result once; the longer of the two is its floor.
 */
import { type Quartiles, quartiles, Rng, type Shape, size } from '../../core/index.ts'
import type { Network } from '../../nn/index.ts'
import { type Determinism, moveMs, multiplyAddLimit, profile, type StepProfile } from '../../wasm/index.ts'

/** One kernel of a network. Operations are two for each multiply-add. */
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
  /** Of the time of all kernels. */
  readonly share: number
  readonly gflops: number
  /** Of the limit of multiply-adds. */
  readonly shareOfLimit: number
  /** Bytes read and written a second, and what a copy of as many reaches, in thousand millions. */
  readonly gigabytesPerSecond: number
  readonly copyGigabytesPerSecond: number
  /** Which of the two makes the floor, and how many times the floor the kernel takes. */
  readonly boundBy: 'arithmetic' | 'memory'
  readonly timesFloor: number
}

export interface LayerTimes {
  /** Multiply-adds in 128-bit vectors, one thread, at most. */
  readonly limitGflops: number
  /** The limit is that of fused ones, which the kernels use too. */
  readonly fused: boolean
  /** Of all kernels together, the time of one run. */
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

/** A kernel's phases, which follow each other, as one. */
function kernelsOf(steps: readonly StepProfile[]): StepProfile[] {
  const kernels: StepProfile[] = []
  for (const step of steps) {
    const before = kernels.at(-1)
    if (step.phase === 0 || !before) kernels.push(step)
    else kernels[kernels.length - 1] = { ...before, times: before.times.map((ms, run) => ms + step.times[run]) }
  }
  return kernels
}

/** Times each kernel of a network's inference on images of noise. */
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
  // Measured before and after: the clock of a processor goes up and down.
  const after = await multiplyAddLimit()
  const fused = deterministic === 'here' && before.relaxedGmacs !== undefined
  const gmacsOf = ({ gmacs, relaxedGmacs = 0 }: typeof before) => (fused ? relaxedGmacs : gmacs)
  const limit = Math.max(gmacsOf(before), gmacsOf(after))

  const latencyMs = quartiles(kernels[0].times.map((_, run) => kernels.reduce((n, k) => n + k.times[run], 0)))
  // Of the medians' sum, so that shares make a whole where a busy moment fell on some runs.
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
