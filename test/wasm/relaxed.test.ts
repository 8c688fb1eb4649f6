/** Fused multiply-adds are used where the host has them, never with `deterministic: 'everywhere'`. */
import { expect, it } from 'vitest'
import { Rng, tensor } from '../../src/core/index.ts'
import { input, matmul, parameter } from '../../src/ops/index.ts'
import { f32x4, ModuleBuilder, v128 } from '../../src/wasm/assembler/index.ts'
import { type Determinism, wasmEngine } from '../../src/wasm/index.ts'
import { hasRelaxedSimd } from '../../src/wasm/relaxed.ts'

const major = Number(process.versions.node.split('.')[0])

it('is detected if V8 has it', () => {
  if (major < 21) expect(hasRelaxedSimd()).toBe(false)
  else expect(hasRelaxedSimd()).toBe(true)
})

it('a module that uses it adds products, rounded once or twice', () => {
  const memory = { initialPages: 1, maximumPages: 1, shared: false }
  const results = [false, ...(hasRelaxedSimd() ? [true] : [])].map((relaxed) => {
    const m = new ModuleBuilder({ memory, relaxed })
    m.export(
      'f',
      m.func([], [], (f) => {
        const sum = f.let(v128.load(0))
        f.madd(sum, v128.load(16), f32x4.splat(3))
        f.store(0, sum)
      }),
    )
    const own = new WebAssembly.Memory({ initial: 1, maximum: 1 })
    new Float32Array(own.buffer).set([1, 2, 3, 4, 10, 20, 30, 40])
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.toBytes()), { env: { memory: own } })
    ;(exports.f as () => void)()
    return [...new Float32Array(own.buffer, 0, 4)]
  })
  for (const r of results) expect(r).toEqual([31, 62, 93, 124])
})

/** A product of 200 terms, on an engine with this determinism. */
async function product(deterministic: Determinism): Promise<Float32Array> {
  const rng = new Rng(1)
  const random = (n: number) => Float32Array.from({ length: n }, () => rng.between(-1, 1))
  const w = parameter({ name: 'w', shape: [200, 24], role: 'weight', init: { kind: 'constant', value: 0 } })
  const y = matmul({ a: input('x', [7, 200]), b: w })
  const weights = new Map([['w', tensor([200, 24], random(4800))]])
  const program = await wasmEngine({ threads: 1, deterministic }).compile({ outputs: { y }, updates: [] }, { weights })
  const { y: result } = await program.run({ x: random(1400) })
  program.dispose()
  return result.data as Float32Array
}

it('everywhere rounds each product and each sum, as engines without it do', async () => {
  const got = await product('everywhere')
  const rng = new Rng(1)
  const next = (n: number) => Float32Array.from({ length: n }, () => rng.between(-1, 1))
  const [w, x] = [next(4800), next(1400)]
  const expected = Float32Array.from({ length: 7 * 24 }, (_, at) => {
    const [i, j] = [Math.floor(at / 24), at % 24]
    let sum = 0
    for (let k = 0; k < 200; k++) sum = Math.fround(sum + Math.fround(x[i * 200 + k] * w[k * 24 + j]))
    return sum
  })
  expect(got).toEqual(expected)
  if (!hasRelaxedSimd()) expect(await product('here')).toEqual(expected)
})

it('refuses an unknown value of deterministic', () => {
  expect(() => wasmEngine({ deterministic: 'never' as Determinism })).toThrow(
    'deterministic: never is neither here nor everywhere',
  )
})
