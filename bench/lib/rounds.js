/**
 * Timing in rounds: each round runs every contender for a short while, in an order that turns by one from round to
 * round, so that whatever else the machine does falls on all alike; ratios are taken within a round.
 */
import { quartiles } from '../kinglet.js'

/**
 * Timed runs of a contender go on for this long in a round at least, after others that are not timed. A system takes
 * tens of milliseconds until threads that slept on one core are spread over two.
 */
const roundMs = 100
const settleMs = 60

/**
 * @typedef {object} Contender
 * @property {string} id
 * @property {(command: string, options?: object) => Promise<any>} ask
 *
 * @param {readonly Contender[]} contenders
 * @param {{ warmup: number, rounds: number, runs: number, after?: () => Promise<void> }} plan `runs` timed runs of each
 *   contender a round at least, after some that are not timed; before all rounds `warmup` runs, in which JavaScript
 *   engines find out what to optimise; `after` is called behind each round
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

/** How many times as fast as `other` the contender of `own` is: quartiles over rounds of the ratio of medians. */
export const speedup = (own, other) =>
  quartiles(own.map((times, round) => quartiles(other[round]).median / quartiles(times).median))

/** Milliseconds as they are kept in results: to the microsecond. */
export const rounded = (times) => times.map((round) => round.map((ms) => Number(ms.toFixed(3))))

/** Why something failed, in a line. */
export const firstLine = (error) => String(error.message).split('\n')[0]
