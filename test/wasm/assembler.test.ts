/** Memory, constants, functions and control of the assembler. */
import { describe, expect, test } from 'vitest'
import { type Expr, f32, f32x4, i8x16, i32, i32x4, ModuleBuilder, v128 } from '../../src/wasm/assembler/index.ts'
import { make } from './assemble.ts'

const bitsOf = (x: number) => new Int32Array(Float32Array.of(x).buffer)[0]

describe('lanes and memory', () => {
  test('lanes, splats, masks and select', () => {
    const m = make((b) => {
      const run = b.func(['i32', 'f32'], [], (f, n, x) => {
        f.store(0, i32x4.splat(n))
        f.store(16, f32x4.splat(x))
        const v = f.let(v128.constI32(10, -20, 0x7fffffff, -0x80000000))
        const w = f.let(v128.constF32(1.5, -0, Infinity, 2 ** -149))
        f.store(32, i32x4.replaceLane(v, 2, n))
        f.store(48, f32x4.replaceLane(w, 3, x))
        const four = [0, 1, 2, 3] as const
        for (const lane of four) f.store(64, i32x4.extractLane(v, lane), lane * 4)
        for (const lane of four) f.store(80, f32x4.extractLane(w, lane), lane * 4)
        f.store(96, i32x4.bitmask(v))
        f.store(96, v128.anyTrue(w), 4)
        f.store(96, v128.anyTrue(v128.constI32(0, 0, 0, 0)), 8)
        f.store(112, v128.select(v, w, i32.eq(n, 5)))
        f.store(128, v128.select(v, w, i32.eq(n, 6)))
        f.store(144, i8x16.shuffle(v, w, [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 31, 30, 29, 28]))
      })
      b.export('run', run)
    })
    m.exports.run(5, 0.25)
    const ints = (at: number) => [...m.i32.subarray(at / 4, at / 4 + 4)]
    const reals = (at: number) => [...m.f32.subarray(at / 4, at / 4 + 4)]
    expect(ints(0)).toEqual([5, 5, 5, 5])
    expect(reals(16)).toEqual([0.25, 0.25, 0.25, 0.25])
    expect(ints(32)).toEqual([10, -20, 5, -0x80000000])
    expect(reals(48)).toEqual([1.5, -0, Infinity, 0.25])
    expect(ints(64)).toEqual([10, -20, 0x7fffffff, -0x80000000])
    expect(reals(80)).toEqual([1.5, -0, Infinity, 2 ** -149])
    expect(ints(96).slice(0, 3)).toEqual([0b1010, 1, 0])
    expect(ints(112)).toEqual([10, -20, 0x7fffffff, -0x80000000])
    expect(reals(128)).toEqual([1.5, -0, Infinity, 2 ** -149])
    expect(ints(144)).toEqual([10, bitsOf(1.5), -20, 0x01000000])
    expect(() => i8x16.shuffle(v128.constI32(0, 0, 0, 0), v128.constI32(0, 0, 0, 0), [32])).toThrow(
      'i8x16.shuffle: lanes [32] must be 16 integers from 0 to 31',
    )
  })

  test('loads, stores and their offsets', () => {
    for (const offset of [0, 1, 127, 128, 16_383, 16_384, 2 ** 21, 2 ** 21 + 4]) {
      const m = make(
        (b) => {
          const run = b.func(['i32'], [], (f, p) => {
            f.store(p, v128.load(p, offset), 256)
            f.store(p, v128.load32Splat(p, offset), 272)
            f.store(p, v128.load32Zero(p, offset), 288)
            f.store(p, v128.load64Zero(p, offset), 304)
            f.store(p, i32.load(p, offset), 320)
            f.store(p, f32.load(p, offset), 324)
            f.store(p, i32.load8S(p, offset + 3), 328)
            f.store(p, i32.load8U(p, offset + 3), 332)
            f.store8(p, 0x1ff, 336)
            f.storeLane32(p, v128.load(p, offset), 2, 340)
            f.storeLane64(p, v128.load(p, offset), 1, 344)
            f.store(p, i32.const(offset), offset + 32)
          })
          b.export('run', run)
        },
        { pages: 40 },
      )
      const at = 1024
      const data = Uint8Array.from({ length: 16 }, (_, i) => 200 + i * 3)
      const view = new DataView(data.buffer)
      m.u8.set(data, at + offset)
      m.exports.run(at)
      const word = (i: number) => view.getInt32(i * 4, true)
      const found = [...new Int32Array(m.u8.slice(at + 256, at + 352).buffer)]
      expect(found).toEqual([
        ...[word(0), word(1), word(2), word(3)],
        ...[word(0), word(0), word(0), word(0)],
        ...[word(0), 0, 0, 0],
        ...[word(0), word(1), 0, 0],
        ...[word(0), word(0), view.getInt8(3), view.getUint8(3)],
        ...[255, word(2), word(2), word(3)],
      ])
      expect(new DataView(m.u8.buffer).getInt32(at + offset + 32, true)).toBe(offset)
    }
    const far = make((b) =>
      b.export(
        'run',
        b.func([], ['i32'], (f) => f.return(i32.load(0, 2 ** 32 - 1))),
      ),
    )
    expect(() => far.exports.run()).toThrow(WebAssembly.RuntimeError)
    expect(() => i32.load(0, -4)).toThrow('memory offset -4 is not an integer from 0 to 2^32 - 1')
  })

  test('bulk fill and copy', () => {
    const m = make((b) =>
      b.export(
        'run',
        b.func(['i32'], [], (f, n) => {
          f.memoryFill(100, 7, n)
          f.memoryCopy(102, 99, n)
        }),
      ),
    )
    m.exports.run(5)
    expect([...m.u8.subarray(98, 110)]).toEqual([0, 0, 7, 7, 0, 7, 7, 7, 7, 0, 0, 0])
  })

  test('atomics on shared memory', () => {
    const m = make(
      (b) => {
        const run = b.func(['i32'], [], (f, p) => {
          f.atomicStore(p, 40, 4)
          f.store(p, i32.atomicRmwAdd(p, 2, 4), 8)
          f.store(p, i32.atomicLoad(p, 4), 12)
          f.store(p, i32.add(i32.atomicNotify(p, -1), 9), 16)
        })
        b.export('run', run)
        b.export(
          'wait',
          b.func(['i32', 'i32'], ['i32'], (f, p, expected) => f.return(i32.atomicWait(p, expected, 1000, 4))),
        )
      },
      { shared: true },
    )
    m.exports.run(64)
    expect([...m.i32.subarray(16, 21)]).toEqual([0, 42, 40, 42, 9])
    expect(m.exports.wait(64, 41)).toBe(1)
    expect(m.exports.wait(64, 42)).toBe(2)
  })
})

const constant = (b: ModuleBuilder, type: 'i32' | 'f32', x: number) => b.func([], [type], (f) => f.return(x))

describe('constants', () => {
  test('LEB128 edges', () => {
    const powers = Array.from({ length: 32 }, (_, i) => 2 ** i)
    const values = [
      0,
      -(2 ** 31),
      ...powers,
      ...powers.map((p) => p - 1),
      ...powers.slice(0, 31).flatMap((p) => [-p, -p - 1]),
    ]
    const wanted = values.filter((n) => n >= -(2 ** 31))
    const m = make((b) => {
      for (const [i, n] of wanted.entries()) b.export(`c${i}`, constant(b, 'i32', n))
    })
    wanted.forEach((n, i) => {
      expect(m.exports[`c${i}`]()).toBe(n | 0)
    })
  })

  test('f32 constants keep their bits', () => {
    const values = [0, -0, 1.5, -2.25, 2 ** -149, -3e38, Infinity, -Infinity, NaN].map(Math.fround)
    const m = make((b) => {
      for (const [i, x] of values.entries()) b.export(`c${i}`, constant(b, 'f32', x))
    })
    values.forEach((x, i) => {
      expect(m.exports[`c${i}`]()).toBe(x)
    })
  })

  test('refused', () => {
    expect(() => i32.add(0.5, 1)).toThrow('i32.const: 0.5 is not an integer of 32 bits')
    expect(() => i32.add(2 ** 32, 1)).toThrow('i32.const: 4294967296 is not an integer of 32 bits')
    // @ts-expect-error a scalar where a vector belongs
    expect(() => f32x4.add(i32.const(1), v128.load(0))).toThrow('expected code of type v128, got i32')
    // @ts-expect-error a vector where a scalar belongs
    expect(() => f32.mul(v128.load(0), 1)).toThrow('expected code of type f32, got v128')
    // @ts-expect-error a plain number is no vector
    expect(() => f32x4.add(1, v128.load(0))).toThrow('a plain number cannot stand for a value of type v128')
    // @ts-expect-error there are four lanes
    f32x4.extractLane(v128.load(0), 4)
  })
})

describe('functions and control', () => {
  test('for counts as JavaScript does, with literal and computed bounds', () => {
    const cases = [0, 1, 2, 3, 7, 8, 9, 100, 2 ** 32 - 9, 2 ** 32 - 1].flatMap((from) =>
      [0, 1, 5, 8, 9, 64, 101, 2 ** 32 - 9, 2 ** 32 - 2, 2 ** 32 - 1].flatMap((to) =>
        to - from > 1000 ? [] : [1, 2, 3, 4, 8, 100].map((step) => ({ from, to, step })),
      ),
    )
    const m = make((b) =>
      cases.forEach(({ from, to, step }, k) => {
        const count = b.func(['i32', 'i32', 'i32'], ['i32'], (f, a, z, form) => {
          const p = f.local('i32')
          const body = (i: Expr<'i32'>) => {
            f.store(p, i)
            f.set(p, i32.add(p, 4))
          }
          f.if(i32.eq(form, 0), () => f.for(from, to, step, body))
          f.if(i32.eq(form, 1), () => f.for(a, z, step, body))
          f.if(i32.eq(form, 2), () => f.for(from, z, step, body))
          f.if(i32.eq(form, 3), () => f.for(a, to, step, body))
          f.return(i32.shrU(p, 2))
        })
        b.export(`f${k}`, count)
      }),
    )
    cases.forEach(({ from, to, step }, k) => {
      const expected: number[] = []
      for (let i = from; i < to; i += step) expected.push(i | 0)
      for (const form of [0, 1, 2, 3]) {
        const n = m.exports[`f${k}`](from, to, form)
        expect([...m.i32.subarray(0, n)], `${from} to ${to} by ${step}, form ${form}`).toEqual(expected)
      }
    })
  })

  test('for takes its bounds once, and refuses steps that are none', () => {
    const m = make((b) => {
      const run = b.func(['i32'], ['i32'], (f, n) => {
        const turns = f.local('i32')
        f.for(0, n, 1, () => {
          f.set(n, 0)
          f.set(turns, i32.add(turns, 1))
        })
        f.return(turns)
      })
      b.export('run', run)
      b.func([], [], (f) => {
        expect(() => f.for(0, 4, 0, () => {})).toThrow('for: step 0 is not a positive integer')
        expect(() => f.for(-4, 4, 4, () => {})).toThrow('for: from -4 is negative')
        f.for(0, -4, 4, () => expect.unreachable('an empty range has no body'))
      })
    })
    expect(m.exports.run(6)).toBe(6)
  })

  test('nested for, while and if', () => {
    // Sum over odd n < 60 of the steps of n's Collatz sequence, minus 1 for each even n.
    const m = make((b) => {
      const run = b.func([], ['i32'], (f) => {
        const sum = f.local('i32')
        f.for(1, 6, 1, (tens) => {
          f.for(0, 10, 1, (ones) => {
            const n = f.let(i32.add(i32.mul(tens, 10), ones))
            f.if(
              i32.and(n, 1),
              () =>
                f.while(
                  () => i32.ne(n, 1),
                  () => {
                    f.if(
                      i32.and(n, 1),
                      () => f.set(n, i32.add(i32.mul(n, 3), 1)),
                      () => f.set(n, i32.shrU(n, 1)),
                    )
                    f.set(sum, i32.add(sum, 1))
                  },
                ),
              () => f.set(sum, i32.sub(sum, 1)),
            )
          })
        })
        f.return(sum)
      })
      b.export('run', run)
    })
    let expected = 0
    for (let start = 10; start < 60; start++) {
      if (start % 2 === 0) expected--
      else for (let n = start; n !== 1; n = n % 2 ? 3 * n + 1 : n / 2) expected++
    }
    expect(m.exports.run()).toBe(expected)
  })

  test('many locals of mixed types keep their values', () => {
    const count = 400
    const m = make((b) => {
      const run = b.func(['f32', 'i32'], [], (f, x, n) => {
        const made = Array.from({ length: count }, (_, i) =>
          i % 3 === 0
            ? f.let(i32.add(n, i))
            : i % 3 === 1
              ? f.let(f32.add(x, i))
              : f.let(f32x4.replaceLane(f32x4.splat(x), 1, i)),
        )
        const never = f.local('v128')
        made.forEach((local, i) => {
          f.store(i * 16, local)
        })
        f.store(count * 16, never)
      })
      b.export('run', run)
    })
    m.i32.fill(-1)
    m.exports.run(0.5, 1000)
    for (let i = 0; i < count; i++) {
      const at = i * 4
      if (i % 3 === 0) expect(m.i32[at]).toBe(1000 + i)
      else if (i % 3 === 1) expect(m.f32[at]).toBe(0.5 + i)
      else expect([...m.f32.subarray(at, at + 4)]).toEqual([0.5, i, 0.5, 0.5])
    }
    expect([...m.i32.subarray(count * 4, count * 4 + 4)]).toEqual([0, 0, 0, 0])
  })

  test('calls, more than 127 functions, early returns', () => {
    const m = make((b) => {
      let chain = b.func(['i32'], ['i32'], (f, n) => {
        f.if(i32.gtS(n, 10), () => f.return(-1))
        f.return(n)
      })
      for (let i = 0; i < 200; i++) {
        const before = chain
        chain = b.func(['i32'], ['i32'], (f, n) => f.return(i32.add(f.callExpr(before, n), 1)))
      }
      const store = b.func(['i32', 'v128', 'f32'], [], (f, p, v, x) => f.store(p, f32x4.mul(v, f32x4.splat(x))))
      b.export('chain', chain)
      b.export(
        'store',
        b.func([], [], (f) => f.call(store, 32, v128.constF32(1, 2, 3, 4), 0.5)),
      )
    })
    expect(m.exports.chain(3)).toBe(203)
    expect(m.exports.chain(11)).toBe(199)
    m.exports.store()
    expect([...m.f32.subarray(8, 12)]).toEqual([0.5, 1, 1.5, 2])
  })

  test('arguments must fit the signature', () => {
    const m = new ModuleBuilder({ memory: { initialPages: 1, maximumPages: 1, shared: false } })
    const store = m.func(['i32', 'v128'], [], (f, p, v) => f.store(p, v))
    const next = m.func(['i32'], ['i32'], (f, n) => f.return(i32.add(n, 1)))
    // @ts-expect-error the second argument is a vector
    expect(() => m.func([], [], (f) => f.call(store, 32, 1))).toThrow('cannot stand for a value of type v128')
    // @ts-expect-error a function with a result is no statement
    m.func([], [], (f) => f.call(next, 1))
    expect(WebAssembly.validate(m.toBytes())).toBe(false)
  })

  test('a return must fit the signature', () => {
    const m = new ModuleBuilder({ memory: { initialPages: 1, maximumPages: 1, shared: false } })
    expect(() => m.func([], ['i32'], (f) => f.return())).toThrow(
      'return without a value from a function of results [i32]',
    )
    expect(() => m.func([], [], (f) => f.return(1))).toThrow('return with a value from a function of results []')
    expect(() => m.func([], ['i32'], (f) => f.return(f32.const(1)))).toThrow('expected code of type i32, got f32')
  })

  test('the memory given must be shared as declared', () => {
    const bytes = new ModuleBuilder({ memory: { initialPages: 1, maximumPages: 2, shared: true } }).toBytes()
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 })
    expect(() => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })).toThrow(
      WebAssembly.LinkError,
    )
  })
})
