/**
 * Points that cover a space more evenly than random ones: Halton's sequence with a prime base for each choice. The seed
 * permutes the digits of each base (Owen 2017, "A randomized Halton algorithm in R", arXiv:1706.02808).
 */
import { key, Rng } from '../../core/index.ts'
import { drawValid, fromUnit } from '../space/points.ts'
import { type Choice, makePoint, type Point, type Scalar, type Space, valuesIn } from '../space/space.ts'

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n)
  return found
}

/** The digits of `index` in `base`, each permuted and mirrored about the radix point. The result is in [0, 1). */
function scrambled(index: number, base: number, stream: number): number {
  let unit = 0
  let place = 1
  for (let rest = index, digit = 0; place > 2 ** -32; rest = Math.floor(rest / base), digit++) {
    place /= base
    unit += place * new Rng(key(stream, digit)).permutation(base)[rest % base]
  }
  return Math.min(unit, 1 - 2 ** -32)
}

/** The value at `unit` of [0, 1). The values of a finite choice have equal shares. */
function valueAt(c: Choice, unit: number): Scalar {
  const count = valuesIn(c)
  return fromUnit(c, Number.isFinite(count) && count > 1 ? Math.floor(unit * count) / (count - 1) : unit)
}

/** A prime above all bases, so that every digit changes from one step to the next. */
const stride = 1_000_003

/**
 * Point `index` of the sequence of `seed`. A point that breaks a constraint is replaced by the one a million further
 * on, and so on, so that no two of the first million indices share a point.
 */
export function quasiRandomPoint(space: Space, seed: number, index: number): Point {
  const names = Object.keys(space.choices)
  const bases = primes(names.length)
  let at = index - stride
  return drawValid(space, () => {
    at += stride
    return makePoint(space, (name, c) => {
      const dimension = names.indexOf(name)
      return valueAt(c, scrambled(at, bases[dimension], key(seed, dimension)))
    })
  })
}
