/** Random numbers are functions of key and index, and stay within their bounds, for any key. */
import { expect, test } from 'vitest'
import { key, mix32, Rng, uniformAt, wordAt } from '../../src/core/index.ts'
import { fc, words } from '../support/property.ts'

test('mixing is a bijection: it can be undone', () => {
  // The inverse multipliers and shifts of lowbias32.
  const undo = (x: number): number => {
    x ^= x >>> 16
    x = Math.imul(x, 0x43021123)
    x ^= (x >>> 15) ^ (x >>> 30)
    x = Math.imul(x, 0x1d69e2a5)
    return (x ^ (x >>> 16)) >>> 0
  }
  fc.assert(
    fc.property(words, (x) => {
      expect(undo(mix32(x))).toBe(x)
    }),
  )
})

test('a uniform is a multiple of 2^-24 in [0, 1), which float32 holds', () => {
  fc.assert(
    fc.property(words, fc.nat(2 ** 31 - 1), (k, index) => {
      const u = uniformAt(k, index)
      expect(u).toBeGreaterThanOrEqual(0)
      expect(u).toBeLessThan(1)
      expect(Number.isInteger(u * 2 ** 24)).toBe(true)
      expect(Math.fround(u)).toBe(u)
      expect(uniformAt(k, index)).toBe(u)
      expect(wordAt(k, index)).toBeLessThan(2 ** 32)
    }),
  )
})

test('a sequence continues from its index, whatever was drawn before', () => {
  const draws = ['uniform', 'normal', 'integer', 'permutation'] as const
  fc.assert(
    fc.property(words, fc.array(fc.constantFrom(...draws), { maxLength: 8 }), (k, before) => {
      const rng = new Rng(k)
      for (const draw of before) draw === 'uniform' || draw === 'normal' ? rng[draw]() : rng[draw](5)
      const again = new Rng(k, rng.index)
      expect([rng.uniform(), rng.normal(), rng.integer(100), rng.permutation(9)]).toEqual([
        again.uniform(),
        again.normal(),
        again.integer(100),
        again.permutation(9),
      ])
    }),
  )
})

test('integers and numbers between two are within their bounds', () => {
  const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 2 ** 24 }), bound, bound, (k, n, a, b) => {
      const rng = new Rng(k)
      const [low, high] = [Math.min(a, b), Math.max(a, b)]
      for (let i = 0; i < 20; i++) {
        const [drawn, between] = [rng.integer(n), rng.between(low, high)]
        expect(Number.isInteger(drawn) && drawn >= 0 && drawn < n).toBe(true)
        expect(between >= low && between <= high).toBe(true)
        expect(Number.isFinite(rng.normal())).toBe(true)
      }
    }),
  )
})

test('a permutation has each number once', () => {
  fc.assert(
    fc.property(words, fc.nat(300), (k, n) => {
      expect([...new Rng(k).permutation(n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
    }),
  )
})

test('keys of other parts, or the same parts in another order, are others', () => {
  const parts = fc.array(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      fc.pre(JSON.stringify(a) !== JSON.stringify(b))
      expect(key(...a)).not.toBe(key(...b))
      expect(key(...a)).toBe(key(...a))
    }),
  )
})
