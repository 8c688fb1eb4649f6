/**
 * Random graphs on the WebAssembly engine against the reference engine: outputs and parameters of two runs, outputs with
 * frozen parameters, the same bits at one and two threads, and equal code for kernel phases of equal keys.
 *
 * `KINGLET_FUZZ_SEED` is the first seed and `KINGLET_FUZZ_COUNT` the number of graphs; CONTRIBUTING.md has examples.
 *
 * Tolerance: a graph may magnify rounding, so the tolerance follows from the graph. The graph runs in double
 * precision without noise, and with noise on every result. The noise has the size of one kernel's error: 1e-6 of the
 * largest number that the kernel stores or adds, a fifth of the tolerance of the suite over all ops. It is drawn per
 * element, or once per tensor, since rounding can be biased, and an average does not remove a bias. The tolerance is four
 * times the largest effect of the noise, plus that suite's tolerance for the last kernel, for effects that cancel by chance.
 */
import { expect, test } from 'vitest'
import { Rng, type Tensor } from '../../src/core/index.ts'
import { type Engine, referenceEngine } from '../../src/engine/index.ts'
import { inputsOf, nameOf, roots, topological } from '../../src/graph/index.ts'
import { greater, isConstant, isInput, isParameter, type Value } from '../../src/ops/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { planKernels, prepare } from '../../src/wasm/prepare.ts'
import { targetFor } from '../../src/wasm/target.ts'
import { doubles, runOracle } from '../ops/samples.ts'
import { PhaseCode } from '../support/phase-code.ts'
import { type RandomGraph, randomGraph } from '../support/random-graph.ts'

const noise = 1e-6
const safety = 4
const lastKernel = 5e-6
const runs = 2

type Results = ReadonlyMap<string, ArrayLike<number>>

/** Outputs of each run, and parameters after it. */
async function onEngine(engine: Engine, { graph, weights, inputs }: RandomGraph): Promise<Results> {
  using program = await engine.compile(graph, { weights })
  const found = new Map<string, ArrayLike<number>>()
  for (let run = 0; run < runs; run++) {
    for (const [name, t] of Object.entries(await program.run(inputs(run)))) found.set(`${name} of run ${run}`, t.data)
    for (const [name, t] of await program.read()) found.set(`${name} after run ${run}`, t.data)
  }
  return found
}

/** Outputs of a first run when the parameters are folded into the program. */
async function frozen(engine: Engine, { graph, weights, inputs }: RandomGraph): Promise<Results> {
  using program = await engine.compile({ ...graph, updates: [] }, { weights, freeze: true })
  const given = inputs(0)
  const wanted = inputsOf({ ...graph, updates: [] }).keys()
  const outputs = await program.run(Object.fromEntries([...wanted].map((name) => [name, given[name]])))
  return new Map(Object.entries(outputs).map(([name, { data }]) => [`${name} of run 0`, data]))
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((m, v) => Math.max(m, Math.abs(v)), 0)

/** The largest number that an op may add up, as a sum of products (of two inputs) or of its inputs; 0 where it adds none. */
function largestTerm(v: Value, inputs: readonly Tensor[]): number {
  if (v.op.isElementwise || v.op.viewOffset) return 0
  const sizes = inputs.filter((x) => x.dtype === 'f32').map((x) => largest(x.data))
  return sizes.length > 2 ? Math.max(...sizes) : sizes.reduce((product, x) => product * x, 1)
}

function addNoise({ data }: Tensor, scale: number, { rng, whole }: Noise): void {
  const shared = rng.between(-1, 1)
  for (let i = 0; i < data.length; i++) data[i] += scale * (whole ? shared : rng.between(-1, 1))
}

/** The source of noise, and whether a tensor has one number of noise for all elements. */
interface Noise {
  readonly rng: Rng
  readonly whole: boolean
}

/** The same in double precision. With `noisy`, each result has noise. */
function inDouble({ graph, weights, inputs }: RandomGraph, noisy?: Noise): Results {
  const found = new Map<string, ArrayLike<number>>()
  const held = new Map<string, Tensor>(weights)
  for (let run = 0; run < runs; run++) {
    const given = inputs(run)
    const known = new Map<Value, Tensor>()
    for (const v of topological([...roots(graph), ...graph.updates.map((u) => u.target)])) {
      if (isConstant(v)) known.set(v, v.attrs.tensor)
      else if (isParameter(v)) known.set(v, held.get(nameOf(v))!)
      else if (isInput(v)) known.set(v, { shape: v.shape, dtype: v.dtype, data: given[nameOf(v)] })
      else {
        const inputsOfV = v.inputs.map((x) => known.get(x)!)
        const { y } = runOracle(v, inputsOfV)
        // A mask is exact: noise would set all of it.
        if (noisy && v.op !== greater.op)
          addNoise(y, noise * Math.max(largest(y.data), largestTerm(v, inputsOfV)), noisy)
        known.set(v, y)
      }
    }
    for (const [name, v] of Object.entries(graph.outputs)) found.set(`${name} of run ${run}`, known.get(v)!.data)
    for (const { target, value } of graph.updates)
      held.set(nameOf(target), doubles(target.shape, Float64Array.from(known.get(value)!.data)))
    for (const [name, t] of held) found.set(`${name} after run ${run}`, t.data)
  }
  return found
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i] - b[i])
    worst = Math.max(worst, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d)
  }
  return worst
}

const phases = new PhaseCode()

/** The faults of a seed's graph, if any. */
async function mistakesOf(seed: number): Promise<string[]> {
  const random = randomGraph(seed)
  const prepared = prepare(random.graph)
  const { plan, kernels } = await planKernels(prepared, targetFor({ relaxed: false }))
  phases.check(plan, kernels)
  const deterministic = seed % 2 ? 'here' : 'everywhere'
  const [one, two] = [1, 2].map((threads) => wasmEngine({ threads, deterministic }))
  const [expected, got, shared] = [
    await onEngine(referenceEngine(), random),
    await onEngine(one, random),
    await onEngine(two, random),
  ]
  const folded = await frozen(one, random)
  const exact = inDouble(random)
  const noisy = [1, 2, 3, 4].map((k) => inDouble(random, { rng: new Rng(k), whole: k % 2 === 0 }))
  return [...expected].flatMap(([name, values]) => {
    if (!Array.from(got.get(name)!).every((v, i) => Object.is(v, shared.get(name)![i])))
      return [`${name}: two threads give other bits than one`]
    const moved = Math.max(...noisy.map((n) => distance(n.get(name)!, exact.get(name)!)))
    const allowed = safety * moved + lastKernel * largest(exact.get(name)!)
    const ways = { '': got.get(name)!, ' (frozen)': folded.get(name) ?? values }
    return Object.entries(ways).flatMap(([way, data]) => {
      const off = distance(data, values)
      return off <= allowed && allowed < Number.POSITIVE_INFINITY
        ? []
        : [`${name}${way}: ${off} off, ${allowed} allowed`]
    })
  })
}

const first = Number(process.env.KINGLET_FUZZ_SEED ?? 1)
const count = Number(process.env.KINGLET_FUZZ_COUNT ?? 40)

test(`${count} random graphs from seed ${first} on`, { timeout: 0 }, async () => {
  const wrong: string[] = []
  for (let seed = first; seed < first + count; seed++) {
    const mistakes = await mistakesOf(seed).catch((error) => [String(error?.stack ?? error)])
    if (mistakes.length === 0) continue
    const ops = topological(roots(randomGraph(seed).graph)).map((v) => `${v.op.name}[${v.shape}]`)
    wrong.push([`seed ${seed}`, ...mistakes, ops.join(' ')].join('\n  '))
  }
  expect(wrong).toEqual([])
})
