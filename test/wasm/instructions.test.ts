/** Every instruction is validated and executed against JavaScript's arithmetic. */
import { describe, expect, test } from 'vitest'
import { type Expr, f32, f32x4, i32, i32x4, type Operand, v128 } from '../../src/wasm/assembler/index.ts'
import { make } from './assemble.ts'

const spaces = { i32, f32, v128, f32x4, i32x4 }
type Table = typeof spaces
type Name<S extends keyof Table = keyof Table> = Extract<keyof Table[S], string>

const ints = [0, 1, -1, 7, -8, 31, 33, 0x12345678, 0x7fffffff, -0x80000000]
const floats = [0, -0, 0.5, -0.5, 1.5, -2.5, 2.7, -2.2, 1e-40, 3.4e38, -3.4e38, 2 ** 31, -(2 ** 31), 2 ** 32, 3e9]
const all = { i32: ints, f32: [...floats, NaN, Infinity, -Infinity].map(Math.fround) }
type Kind = keyof typeof all

const bitsOf = (x: number) => new Int32Array(Float32Array.of(x).buffer)[0]
const floatOf = (bits: number) => new Float32Array(Int32Array.of(bits).buffer)[0]
const ordered = (f: (a: bigint, b: bigint) => boolean, wrap: (n: bigint) => bigint) => (a: number, b: number) =>
  f(wrap(BigInt(a)), wrap(BigInt(b))) ? 1 : 0
const signed = (n: bigint) => n
const unsigned = (n: bigint) => BigInt.asUintN(32, n)
const ties = (x: number) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))
const saturate = (low: number, high: number) => (x: number) =>
  Number.isNaN(x) ? 0 : Math.min(high, Math.max(low, Math.trunc(x))) | 0
const int32 = saturate(-(2 ** 31), 2 ** 31 - 1)
const uint32 = (x: number) => (Number.isNaN(x) ? 0 : Math.min(2 ** 32 - 1, Math.max(0, Math.trunc(x))) | 0)
const divide =
  (f: (a: bigint, b: bigint) => bigint, wrap: (n: bigint) => bigint, overflows: boolean) => (a: number, b: number) =>
    b === 0 || (overflows && a === -(2 ** 31) && b === -1)
      ? 'trap'
      : Number(BigInt.asIntN(32, f(wrap(BigInt(a)), wrap(BigInt(b)))))
const compare = {
  eq: (a: number, b: number) => (a === b ? 1 : 0),
  ne: (a: number, b: number) => (a !== b ? 1 : 0),
  lt: (a: number, b: number) => (a < b ? 1 : 0),
  gt: (a: number, b: number) => (a > b ? 1 : 0),
  le: (a: number, b: number) => (a <= b ? 1 : 0),
  ge: (a: number, b: number) => (a >= b ? 1 : 0),
}
const compareInt = {
  eq: compare.eq,
  ne: compare.ne,
  ltS: ordered((a, b) => a < b, signed),
  ltU: ordered((a, b) => a < b, unsigned),
  gtS: ordered((a, b) => a > b, signed),
  gtU: ordered((a, b) => a > b, unsigned),
  leS: ordered((a, b) => a <= b, signed),
  leU: ordered((a, b) => a <= b, unsigned),
  geS: ordered((a, b) => a >= b, signed),
  geU: ordered((a, b) => a >= b, unsigned),
}
const integer = {
  add: (a: number, b: number) => (a + b) | 0,
  sub: (a: number, b: number) => (a - b) | 0,
  mul: Math.imul,
  shl: (a: number, b: number) => a << b,
  shrS: (a: number, b: number) => a >> b,
  shrU: (a: number, b: number) => (a >>> b) | 0,
}
const real = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  min: Math.min,
  max: Math.max,
  abs: Math.abs,
  neg: (a: number) => -a,
  ceil: Math.ceil,
  floor: Math.floor,
  trunc: Math.trunc,
  nearest: ties,
  sqrt: Math.sqrt,
}
const bits = {
  and: (a: number, b: number) => a & b,
  or: (a: number, b: number) => a | b,
  xor: (a: number, b: number) => a ^ b,
}
const select = (a: number, b: number, cond: number) => (cond ? a : b)

type Oracle = (...args: number[]) => number | 'trap'
type Scalars<S extends 'i32' | 'f32'> = Record<
  Exclude<Name<S>, 'const' | 'load' | 'load8S' | 'load8U' | `atomic${string}`>,
  Oracle
>

/** The oracle of each scalar instruction. An instruction without one does not compile. */
const scalars: { i32: Scalars<'i32'>; f32: Scalars<'f32'> } = {
  i32: {
    ...integer,
    ...bits,
    ...compareInt,
    divS: divide((a, b) => a / b, signed, true),
    divU: divide((a, b) => a / b, unsigned, false),
    remS: divide((a, b) => a % b, signed, false),
    remU: divide((a, b) => a % b, unsigned, false),
    rotl: (a, b) => (a << b) | (b & 31 ? a >>> -b : 0),
    rotr: (a, b) => (a >>> b) | (b & 31 ? a << -b : 0),
    eqz: (a) => (a === 0 ? 1 : 0),
    truncSatF32S: int32,
    truncSatF32U: uint32,
    reinterpretF32: bitsOf,
    select,
  },
  f32: {
    ...real,
    ...compare,
    copysign: (a, b) => (bitsOf(b) < 0 ? -Math.abs(a) : Math.abs(a)),
    convertI32S: (a) => a,
    convertI32U: (a) => a >>> 0,
    reinterpretI32: floatOf,
    select,
  },
}

const mask = <T extends Record<string, (a: number, b: number) => number>>(table: T) =>
  Object.fromEntries(
    Object.entries(table).map(([k, f]) => [k, (a: number, b: number) => (f(a, b) ? -1 : 0)]),
  ) as Record<keyof T, Oracle>
const lanes = <K extends string>(from: Kind, to: Kind, table: Record<K, Oracle>) =>
  Object.fromEntries(Object.entries(table).map(([k, oracle]) => [k, { from, to, oracle }])) as Record<K, Lanes>
interface Lanes {
  from: Kind
  to: Kind
  oracle: Oracle
}
type Vectors<S extends 'v128' | 'f32x4' | 'i32x4'> = Record<
  Exclude<Name<S>, `const${string}` | `load${string}` | 'splat' | `${string}Lane` | 'anyTrue' | 'bitmask' | 'select'>,
  Lanes
>
const shifts = ['shl', 'shrS', 'shrU']
const { leS, leU, geS, geU, ...compareLanes } = compareInt

/** The oracle of each vector instruction, for one lane. */
const vectors: { v128: Vectors<'v128'>; f32x4: Vectors<'f32x4'>; i32x4: Vectors<'i32x4'> } = {
  v128: lanes('i32', 'i32', {
    ...bits,
    not: (a) => ~a,
    andnot: (a, b) => a & ~b,
    bitselect: (a, b, m) => (a & m) | (b & ~m),
  }),
  f32x4: {
    ...lanes('f32', 'f32', {
      ...real,
      pmin: (a, b) => select(b, a, compare.lt(b, a)),
      pmax: (a, b) => select(b, a, compare.lt(a, b)),
    }),
    ...lanes('f32', 'i32', mask(compare)),
    ...lanes('i32', 'f32', { convertI32x4S: (a) => a, convertI32x4U: (a) => a >>> 0 }),
  },
  i32x4: {
    ...lanes('i32', 'i32', {
      ...integer,
      ...mask(compareLanes),
      abs: (a) => Math.abs(a) | 0,
      neg: (a) => -a | 0,
      minS: Math.min,
      maxS: Math.max,
      minU: (a, b) => Math.min(a >>> 0, b >>> 0) | 0,
      maxU: (a, b) => Math.max(a >>> 0, b >>> 0) | 0,
    }),
    ...lanes('f32', 'i32', { truncSatF32x4S: int32, truncSatF32x4U: uint32 }),
  },
}

type Emit = ((...args: Operand[]) => Expr<'i32'>) & { readonly signature: string }
const emit = (space: keyof Table, name: string) => (spaces[space] as unknown as Record<string, Emit>)[name]

/** All ways to draw `n` values of `kinds` (third operands only from a few, to stay quick). */
function* tuples(kinds: readonly Kind[]): Generator<number[]> {
  if (kinds.length === 0) yield []
  else for (const rest of tuples(kinds.slice(0, -1))) for (const x of all[kinds[kinds.length - 1]]) yield [...rest, x]
}

const ops = <T extends object>(table: T) =>
  Object.entries(table).flatMap(([space, rows]) =>
    Object.keys(rows as object).map((name) => [space as keyof T & keyof Table, name] as const),
  )

describe('instructions against JavaScript', () => {
  test.each(ops(scalars))('%s.%s', (space, name) => {
    const code = emit(space, name)
    const [left, result] = code.signature.split(' -> ')
    const kinds = left.split(' ') as Kind[]
    const m = make((b) =>
      b.export(
        'run',
        b.func([], [], (f) => f.store(256, code(...kinds.map((k, i) => spaces[k].load(i * 16))))),
      ),
    )
    const oracle = (scalars as Record<string, Record<string, Oracle>>)[space][name]
    for (const args of tuples(kinds)) {
      args.forEach((x, i) => {
        m[kinds[i]][i * 4] = x
      })
      const expected = oracle(...args)
      if (expected === 'trap') expect(() => m.exports.run()).toThrow(WebAssembly.RuntimeError)
      else {
        m.exports.run()
        expect(m[result as Kind][64], `${name}(${args})`).toBe(result === 'f32' ? Math.fround(expected) : expected)
      }
    }
  })

  test.each(ops(vectors))('%s.%s', (space, name) => {
    const { from, to, oracle } = (vectors as Record<string, Record<string, Lanes>>)[space][name]
    const arity = emit(space, name).signature.split(' -> ')[0].split(' ').length
    const shift = shifts.includes(name)
    const operands = Array.from({ length: arity }, (_, i) => (shift && i === 1 ? i32.load(16) : v128.load(i * 16)))
    const m = make((b) =>
      b.export(
        'run',
        b.func([], [], (f) => f.store(256, emit(space, name)(...operands))),
      ),
    )
    for (const args of tuples(new Array<Kind>(arity).fill(from))) {
      // Each lane has another rotation of the values, so that swapped lanes are detected.
      const values = all[from]
      const laneArgs = [0, 1, 2, 3].map((lane) =>
        args.map((x, i) => (shift && i === 1 ? x : values[(values.indexOf(x) + lane + values.length) % values.length])),
      )
      laneArgs.forEach((xs, lane) => {
        xs.forEach((x, i) => {
          if (!(shift && i === 1 && lane)) m[from][i * 4 + lane] = x
        })
      })
      m.exports.run()
      const expected = laneArgs.map((xs) => oracle(...xs) as number)
      expect([...m[to].subarray(64, 68)], `${name}(${laneArgs.join(' | ')})`).toEqual(
        to === 'f32' ? expected.map(Math.fround) : expected,
      )
    }
  })
})
