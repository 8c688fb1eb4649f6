import { expect, test } from 'vitest'
import { branin, choices, hartmann6, mulberry, zdt1 } from './functions.ts'
import { optuna } from './regret.ts'

test('Branin has its minimum at three places', () => {
  for (const [x, y] of [
    [-Math.PI, 12.275],
    [Math.PI, 2.275],
    [9.42478, 2.475],
  ])
    expect(branin.values({ x, y })[0]).toBeCloseTo(branin.minimum, 5)
})

test('Hartmann-6 has its minimum at the known place', () => {
  const best = [0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573]
  const point = Object.fromEntries(best.map((x, i) => [`x${i}`, x]))
  expect(hartmann6.values(point)[0]).toBeCloseTo(hartmann6.minimum, 5)
})

test('the sum of choices has the minimum that the Python script found, and a point that reaches it', () => {
  // The same bits, since both add the same numbers in the same order.
  expect(choices.minimum).toBe(4.8618872633669525)
  let best = { c0: 0, c1: 0, c2: 0, c3: 0, c4: 0, c5: 0, c6: 0, c7: 0, c8: 0, c9: 0 }
  // Changes one or two choices at a time until nothing improves, from a few starts.
  for (let start = 0; start < 16; start++) {
    let now = Object.fromEntries(Object.keys(best).map((name, i) => [name, Math.floor(4 * mulberry(`${start}`, i))]))
    for (let better = true; better; ) {
      better = false
      for (let i = 0; i < 10; i++)
        for (let c = 0; c < 16; c++) {
          const next = { ...now, [`c${i}`]: c & 3, ...(i < 9 && { [`c${i + 1}`]: c >> 2 }) }
          if (choices.values(next)[0] < choices.values(now)[0] - 1e-12) [now, better] = [next, true]
        }
    }
    if (choices.values(now)[0] < choices.values(best)[0]) best = now as typeof best
  }
  expect(choices.values(best)[0]).toBeCloseTo(choices.minimum, 10)
})

test('the front of ZDT1 is 1 - sqrt(x0), where all other choices are 0', () => {
  const point = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`x${i}`, i === 0 ? 0.25 : 0]))
  expect(zdt1.values(point)).toEqual([0.25, 0.5])
  expect(zdt1.values({ ...point, x3: 1 })[1]).toBeCloseTo(2 * (1 - Math.sqrt(0.125)), 12)
})

test("Optuna's figures cover every function", () => {
  expect(optuna.optuna).toMatch(/^\d+\.\d+/)
  expect(Object.keys(optuna.regret)).toHaveLength(9)
  expect(optuna.hypervolume['nsga-ii']).toEqual([0.1012, 0.0524, 0.1676])
})
