/**
 * Timing in rounds: each round runs every contender for a short while, in an order that turns by one from round to
 * round, so that whatever else the machine does falls on all alike; ratios are taken within a round.
 */
import { quartiles } from '../kinglet.js'

/**
 * @typedef {object} Contender
 * @property {string} id
 * @property {(command: string, options?: object) => Promise<any>} ask
 *
 * @param {readonly Contender[]} contenders
 * @param {{ warmup: number, rounds: number, runs: number, after?: () => Promise<void> }} plan `runs` timed runs of each
 *   contender a round, after one that is not timed; before all rounds `warmup` runs, in which JavaScript engines find
 *   out what to optimise; `after` is called behind each round
 * @returns {Promise<Map<string, number[][]>>} milliseconds by contender and round
 */
export async function interleave(contenders, { warmup, rounds, runs, after }) {
  const times = new Map(contenders.map(({ id }) => [id, []]))
  for (const { ask } of contenders) await ask('run', { count: warmup })
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const { id, ask } = contenders[(i + round) % contenders.length]
      const { times: got } = await ask('run', { count: runs + 1 })
      times.get(id).push(got.slice(1))
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
