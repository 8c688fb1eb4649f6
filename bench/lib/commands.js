/**
 * The commands of a contender in its process or page: `open` loads a model and runs it once, `run` runs and times it.
 */
import { runtimes } from '../runtimes/index.js'

const shape = [1, 224, 224, 3]

/**
 * @param {import('../runtimes/index.js').Host & {
 *   read: (file: string) => Promise<Uint8Array>,
 *   asset: (path: string) => string,
 * }} host
 */
export function commandsOf(host) {
  let session
  return {
    async open({ runtime, name, threads }) {
      const { files: endings, load } = runtimes[runtime]
      const files = {}
      for (const ending of endings) files[ending] = await host.read(`${name}.${ending}`)
      const image = new Float32Array((await host.read(`${name}.image`)).buffer)
      const { open } = await load(host)
      const before = performance.now()
      session = await open({ files, asset: host.asset, threads, image, shape })
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
  }
}
