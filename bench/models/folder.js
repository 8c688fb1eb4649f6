/** Where model files are written to, and read from by contenders. */
export const modelsFolder = new URL('../.cache/models/', import.meta.url)
