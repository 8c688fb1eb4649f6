/** Runs a small network, or loads, runs and disposes of it, many times; prints the memory in use at regular points. */
import { build, load, toBytes } from '../../src/index.ts'

const [what, threads, times] = process.argv.slice(2)
const net = build('mobilenet_v1_shallow', { width: 0.25, size: 32, classes: 10 })
const bytes = toBytes(net, { classes: Array.from({ length: 10 }, (_, i) => `class ${i}`) })
const batch = new Float32Array(32 * 32 * 3).fill(0.5)
const options = { threads: Number(threads) }
const points = 20

/** Bytes in use after garbage collection: by JavaScript and its arrays, and by the whole process. */
async function held() {
  // Ended threads and unused code are released in a later turn of the event loop.
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    globalThis.gc!()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { own: heapUsed + external, rss }
}

const model = what === 'run' ? await load(bytes, options) : undefined
async function once() {
  if (model) await model.run(batch)
  else {
    const fresh = await load(bytes, options)
    await fresh.run(batch)
    fresh.dispose()
  }
}

const samples: { at: number; own: number; rss: number }[] = []
for (let i = 1; i <= Number(times); i++) {
  await once()
  if (i % (Number(times) / points) === 0) samples.push({ at: i, ...(await held()) })
}
model?.dispose()
process.stdout.write(JSON.stringify(samples))
