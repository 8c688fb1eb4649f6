/** Networks for the tests of NetAdapt: small, with batch norm that is not the identity, and their logits. */
import { Rng, type Tensor, tensor } from '../../src/core/index.ts'
import { topological } from '../../src/graph/index.ts'
import type { Resource } from '../../src/latency/index.ts'
import { type BuildOptions, build, type Model, withRows } from '../../src/models/index.ts'
import type { Network } from '../../src/nn/index.ts'
import { macsOf as macsOfNode } from '../../src/ops/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'

/** Few layers, so that a run of NetAdapt is short. */
export function shallow(options: BuildOptions = {}): Model {
  const net = build('mobilenet_v1_shallow', { width: 0.25, size: 16, reduction: 8, classes: 3, ...options })
  return withRows(
    net,
    net.rows.filter(({ name }) => !/^blocks\.[2357]$/.test(name)),
  )
}

/** A network of the registry for 8 pixels, with weights changed to ones that training could have produced. */
export function lively(name: string, options: BuildOptions = {}): Model {
  const net = build(name, { width: 0.2, size: 8, reduction: 4, classes: 5, seed: 3, ...options })
  const rng = new Rng(11)
  const changed = (name: string, { shape, data }: Tensor): Tensor => {
    if (!/\.bn\.|\.b$/.test(name)) return tensor(shape, data as Float32Array)
    const [low, high] = /gamma|variance/.test(name) ? [0.5, 1.5] : [-0.3, 0.3]
    return tensor(
      shape,
      Float32Array.from(data, () => rng.between(low, high)),
    )
  }
  net.weights = new Map([...net.weights].map(([name, t]) => [name, changed(name, t)]))
  return net
}

const engine = wasmEngine({ threads: 1 })

/** The logits of a network for one random image. */
export async function logitsOf(net: Network): Promise<number[]> {
  const rng = new Rng(7)
  const [height, width, channels] = net.inputShape
  const x = Float32Array.from({ length: height * width * channels }, () => rng.between(-1, 1))
  using program = await engine.compile(net.graph(), { weights: net.weights })
  return Array.from((await program.run({ x })).logits.data, Number)
}

/** Counts as `analyse` does, without planning memory: tests need thousands of counts. */
const macsOf = (model: Model): number =>
  topological(Object.values(model.graph().outputs)).reduce((sum, v) => sum + macsOfNode(v), 0)

export const macs: Resource = { name: 'macs', monotone: true, value: macsOf }
