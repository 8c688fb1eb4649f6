/**
 * Timing in rounds. Each round runs every contender for a short time, in an order that rotates by one each round, so
 * that other work on the machine affects all contenders alike. Ratios are taken within a round.
 */
import { quartiles } from '../kinglet.js'

/**
 * Minimum time of a contender's timed runs in a round, after untimed runs. The system takes tens of milliseconds to
 * spread threads that slept on one core over two.
 */
const roundMs = 100
const settleMs = 60

/**
 * @typedef {object} Contender
 * @property {string} id
 * @property {(command: string, options?: object) => Promise<any>} ask
 *
 * @param {readonly Contender[]} contenders
 * @param {{ warmup: number, rounds: number, runs: number, after?: () => Promise<void> }} plan at least `runs` timed
 *   runs of each contender in each round, after some untimed runs; before all rounds `warmup` runs, in which the
 *   JavaScript engine optimises; `after` is called after each round
 * @returns {Promise<Map<string, number[][]>>} milliseconds by contender and round
 */
export async function interleave(contenders, { warmup, rounds, runs, after }) {
  const times = new Map(contenders.map(({ id }) => [id, []]))
  const counts = new Map()
  for (const { id, ask } of contenders) {
    const { median } = quartiles((await ask('run', { count: warmup })).times)
    const last = (ms) => Math.ceil(ms / median)
    counts.set(id, { before: Math.max(1, last(settleMs)), timed: Math.max(runs, last(roundMs)) })
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const { id, ask } = contenders[(i + round) % contenders.length]
      const { before, timed } = counts.get(id)
      const { times: got } = await ask('run', { count: before + timed })
      times.get(id).push(got.slice(before))
    }
    await after?.()
  }
  return times
}

/** How many times faster the contender of `own` is than `other`: quartiles over rounds of the ratio of medians. */
export const speedup = (own, other) =>
  quartiles(own.map((times, round) => quartiles(other[round]).median / quartiles(times).median))

/** Milliseconds in the precision of the results: microseconds. */
export const rounded = (times) => times.map((round) => round.map((ms) => Number(ms.toFixed(3))))

/** The first line of an error. */
export const firstLine = (error) => String(error.message).split('\n')[0]
