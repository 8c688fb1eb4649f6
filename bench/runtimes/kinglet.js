/** Kinglet, through its package entry. */

/** @returns {import('./index.js').Runtime} */
export const kinglet = ({ load }) => ({
  async open({ files, threads, image }) {
    const model = await load(files.safetensors, { threads })
    return { run: async () => (await model.run(image)).data, close: () => model.dispose() }
  },
})
