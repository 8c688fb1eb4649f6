/**
 * Benchmarks the inference of one network in all runtimes of a host. Compares their answers before any timing, then
 * runs rounds through all contenders. Each contender is started several times to measure the time to the first answer.
 */
import { quartiles } from '../kinglet.js'
import { networks } from '../models/networks.js'
import { runtimes } from '../runtimes/index.js'
import { openCores } from './cores.js'
import { firstLine, interleave, rounded, speedup } from './rounds.js'

/** Largest difference of two equal answers, as a fraction of the largest logit. */
const tolerance = 1e-3

/** The contenders of a host: each of its runtimes with each number of threads. */
export const contendersOf = (host, chosen = Object.keys(runtimes).filter((name) => name !== 'before')) =>
  chosen.flatMap((runtime) =>
    runtimes[runtime][host].map((threads) => ({ id: `${runtime}-${threads}`, runtime, threads })),
  )

function difference(logits, truth) {
  const largest = Math.max(...truth.map(Math.abs))
  return Math.max(...logits.map((x, i) => Math.abs(x - truth[i]))) / largest
}

/** Starts each contender `starts` times in turn, and keeps the last. Contenders that do not start are in `failed`. */
async function openAll(name, contenders, start, starts) {
  const open = []
  const failed = []
  for (const contender of contenders) {
    const firsts = []
    try {
      for (let i = 1; i <= starts; i++) {
        const started = await start({ ...contender, name })
        firsts.push(started.first)
        if (i === starts) open.push({ ...contender, ...started, firsts })
        else await started.end()
      }
    } catch (error) {
      const { runtime, threads } = contender
      failed.push({ runtime, threads, reason: firstLine(error) })
    }
  }
  return { open, failed }
}

/**
 * @param {string} name short name of the network
 * @param {ReturnType<typeof contendersOf>} contenders Kinglet first
 * @param {(options: object) => Promise<{ first: { firstMs: number, fromLoadMs?: number, logits: number[] }, ask: Function, end: Function }>} start
 * @param {{ warmup: number, rounds: number, runs: number, starts: number, say: (text: string) => void }} plan
 */
export async function timeInference(name, contenders, start, plan) {
  const { title, model } = networks[name]
  plan.say(`${title}: starting ${contenders.length} contenders, each ${plan.starts} times`)
  const { open, failed } = await openAll(name, contenders, start, plan.starts)
  const cores = await openCores()
  try {
    const [{ first: truth }] = open
    const differences = open.map(({ first }) => difference(first.logits, truth.logits))
    for (const [i, off] of differences.entries())
      if (!(off < tolerance))
        throw new Error(`${name}: ${open[i].id} differs from ${open[0].id} by ${off}: they must agree to ${tolerance}`)
    plan.say(`${title}: ${plan.rounds} rounds, each ${plan.runs} runs of ${open.length} contenders`)
    const gains = []
    const times = await interleave(open, { ...plan, after: async () => gains.push(await cores.gain()) })
    const rows = []
    for (const [i, { id, runtime, threads, first, firsts, end }] of open.entries()) {
      const own = times.get(id)
      const kinglet = times.get(`kinglet-${threads}`)
      const alone = threads > 1 && times.get(`${runtime}-1`)
      rows.push({
        runtime,
        threads,
        latencyMs: quartiles(own.flat()),
        ...(runtime !== 'kinglet' && kinglet && { kingletIsFaster: speedup(kinglet, own) }),
        ...(alone && { timesOneThread: speedup(own, alone) }),
        firstAnswerMs: quartiles(firsts.map((f) => f.firstMs)),
        ...(first.fromLoadMs && { fromLoadMs: quartiles(firsts.map((f) => f.fromLoadMs)) }),
        difference: differences[i],
        ...(await end()),
        times: rounded(own),
      })
    }
    return { network: title, model, secondCore: quartiles(gains), contenders: rows, failed }
  } finally {
    await cores.end()
    for (const { end } of open) await end()
  }
}
