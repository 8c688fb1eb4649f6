/** The folder of the model files that contenders read. */
export const modelsFolder = new URL('../.cache/models/', import.meta.url)
