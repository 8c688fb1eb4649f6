/** Kinglet, through its front door. */
import { load } from '../kinglet.js'

/** @type {import('./index.js').Runtime} */
export const kinglet = {
  async open({ read, threads, image }) {
    const model = await load(await read('safetensors'), { threads })
    return { run: async () => (await model.run(image)).data, close: () => model.dispose() }
  },
}
