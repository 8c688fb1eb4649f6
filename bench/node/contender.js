/**
 * One contender in a process of its own: answers the parent's messages. `open` loads the model and answers once,
 * `run` runs a number of times, `end` tells what the process needed.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { modelsFolder } from '../models/folder.js'
import { runtimes } from '../runtimes/index.js'

const shape = [1, 224, 224, 3]
let session

const commands = {
  async open({ runtime, name, threads }) {
    const read = async (ending) => new Uint8Array(await readFile(new URL(`${name}.${ending}`, modelsFolder)))
    const image = new Float32Array((await read('image')).buffer)
    // Files are read once before, so that the time to a first answer does not depend on the disk.
    const asset = (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url))
    const { open } = await runtimes[runtime].load()
    const before = performance.now()
    session = await open({ name, read, asset, threads, image, shape })
    const logits = await session.run()
    return { firstMs: performance.now() - before, logits: [...logits] }
  },
  async run({ count }) {
    const times = []
    for (let i = 0; i < count; i++) {
      const before = performance.now()
      await session.run()
      times.push(performance.now() - before)
    }
    return { times }
  },
  async end() {
    return { peakBytes: process.resourceUsage().maxRSS * 1024 }
  },
}

const answer = async (command, options) => {
  try {
    return { ok: await commands[command](options) }
  } catch (error) {
    return { error: error?.stack ?? String(error) }
  }
}

process.on('message', async ({ command, ...options }) => {
  process.send(await answer(command, options), () => {
    if (command === 'end') process.exit(0)
  })
})
