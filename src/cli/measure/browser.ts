/** `kinglet measure --browser`: serves a page that measures the device that opens it. */
import { renderUnicodeCompact } from 'uqr'
import { toPage } from '../../door/index.ts'
import { checkedNetwork, latencyOf, writeTable } from '../../latency/index.ts'
import { writeFileAtomic } from '../../platform/node/index.ts'
import { Interrupted, interruptible } from '../terminal/interrupt.ts'
import type { Io } from '../terminal/terminal.ts'
import { fileOf, printTable } from './result.ts'
import { serveMeasurePage } from './server.ts'
import type { MeasureOptions, Task } from './task.ts'

/** Waits until a page has measured the plan and timed the networks, and writes the table that it sends. */
export async function measureInBrowser(io: Io, { plan, checked }: Task, options: MeasureOptions): Promise<void> {
  const { rounds, runs, threads, host, port, json = false } = options
  const networks = checked.map(({ model }) => toPage(model))
  const server = await serveMeasurePage({ units: plan, networks, threads, timing: { rounds, runs } }, { host, port })
  try {
    const [first, ...others] = server.addresses
    io.stderr.write(`Open this page on the device (${plan.length} layers):\n\n  ${first}\n`)
    for (const address of others) io.stderr.write(`  ${address}\n`)
    io.stderr.write(`\n${renderUnicodeCompact(first)}\n\nWaiting for the table; press Ctrl-C to stop.\n`)
    const { table, wholes } = await interruptible(io, 'Stopping.', (signal) => {
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Interrupted('Interrupted: no table was received.')))
      })
      return Promise.race([server.answer, stopped])
    })
    const out = options.out ?? fileOf(table)
    writeFileAtomic(out, new TextEncoder().encode(writeTable(table)))
    const rows = checked.map(({ name, model }, i) => ({
      name,
      ...checkedNetwork(model, latencyOf(table, model), wholes[i]),
    }))
    printTable(io, out, table, rows, json)
  } finally {
    server.close()
  }
}
