/**
 * Points that cover a space more evenly than drawn ones: Halton's sequence, a prime base a choice, the digits of each base
 * permuted by the seed (Owen 2017, "A randomized Halton algorithm in R", arXiv:1706.02808).
 */
import { key, Rng } from '../../core/index.ts'
import { drawValid, fromUnit } from '../space/points.ts'
import { type Choice, makePoint, type Point, type Scalar, type Space, valuesIn } from '../space/space.ts'

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n)
  return found
}

/** The digits of `index` in `base`, each permuted, mirrored behind the point: in [0, 1). */
function scrambled(index: number, base: number, stream: number): number {
  let unit = 0
  let place = 1
  for (let rest = index, digit = 0; place > 2 ** -32; rest = Math.floor(rest / base), digit++) {
    place /= base
    unit += place * new Rng(key(stream, digit)).permutation(base)[rest % base]
  }
  return Math.min(unit, 1 - 2 ** -32)
}

/** The value that lies at `unit` of [0, 1) where each of a few values has an equal share. */
function valueAt(c: Choice, unit: number): Scalar {
  const count = valuesIn(c)
  return fromUnit(c, Number.isFinite(count) && count > 1 ? Math.floor(unit * count) / (count - 1) : unit)
}

/** A prime beyond all bases: in steps of it every digit changes. */
const stride = 1_000_003

/**
 * The `index`-th point of the sequence that `seed` begins. Where it breaks a constraint, one a million further on, and so
 * on, so that no two of the first million meet.
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
