/** Profiles a training step: the time of each kind of kernel on one thread, and the limit of multiply-adds. */
import { multiplyAddLimit, profile, quartiles } from '../kinglet.js'
import { stepOf } from '../training/step.js'
import { cases, common } from './training.js'

export async function timeStep({ rounds, say }) {
  const item = cases.find((c) => c.model === 'mobilenet_v2' && c.imageSize === 96)
  say(`step: each kernel of a training step, ${item.title}, one thread`)
  const { graph, weights, inputs } = stepOf({ ...item, ...common })
  const before = await multiplyAddLimit()
  const calls = await profile(graph, { weights, inputs, runs: 4 * rounds, warmup: 2 })
  const after = await multiplyAddLimit()
  const gmacs = (l) => l.relaxedGmacs ?? l.gmacs
  const limit = Math.max(gmacs(before), gmacs(after))
  const kinds = {}
  for (const call of calls) (kinds[call.op] ??= []).push(call)
  const rows = Object.entries(kinds).map(([op, own]) => {
    const timeMs = quartiles(own[0].times.map((_, run) => own.reduce((n, c) => n + c.times[run], 0)))
    const macs = own.reduce((n, c) => n + c.macs, 0)
    const bytes = own.reduce((n, c) => n + (c.phase === 0 ? c.readBytes + c.writtenBytes : 0), 0)
    return {
      ...{ op, calls: own.length, timeMs, macs, bytes },
      gflops: (2 * macs) / timeMs.median / 1e6,
      shareOfLimit: macs / limit / timeMs.median / 1e6,
      gigabytesPerSecond: bytes / timeMs.median / 1e6,
    }
  })
  const stepMs = quartiles(calls[0].times.map((_, run) => calls.reduce((n, c) => n + c.times[run], 0)))
  return { ...item, ...common, limitGflops: 2 * limit, fused: before.relaxedGmacs !== undefined, stepMs, kernels: rows }
}
