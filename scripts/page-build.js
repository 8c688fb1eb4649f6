/**
 * The page's `kinglet/run`, built from the compiled entry dist/browser-run.js: dist/page/run.js holds what loads and runs
 * the networks of the registry, the modules beside it what other networks need, each loaded when a network asks for it
 * (docs/decisions/009). `npm run build` runs this file after the compiler.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { minify } from 'rolldown/utils'

const dist = fileURLToPath(new URL('../dist', import.meta.url))

/** The text that workers run is a string, which no minifier looks into. */
async function minifiedWorker(path) {
  const { workerSource, ...others } = await import(pathToFileURL(path).href)
  if (Object.keys(others).length > 0) throw new Error(`page-build.js: ${path} exports more than workerSource`)
  const { code, errors } = await minify('worker.js', workerSource, { module: false, mangle: { toplevel: false } })
  if (errors.length > 0) throw new Error(`page-build.js: the text of workers: ${errors[0].message}`)
  return `export const workerSource = ${JSON.stringify(code)}`
}

const worker = {
  name: 'worker',
  transform: (_, path) => (basename(path) === 'worker-source.js' ? minifiedWorker(path) : undefined),
}

/**
 * Bundles a module of dist with all that it imports: what it imports at once is one chunk, the first; each module that it
 * loads later begins one of its own. Returns rolldown's chunks.
 */
export async function buildPage(input = join(dist, 'browser-run.js')) {
  const bundle = await rolldown({
    input: { run: input },
    platform: 'browser',
    plugins: [worker],
    // No module of the package does anything but define.
    treeshake: { moduleSideEffects: false },
    // The first chunk also exports what the others import from it, under names of one or two letters.
    preserveEntrySignatures: 'allow-extension',
    logLevel: 'warn',
  })
  const { output } = await bundle.generate({
    ...{ format: 'esm', minify: true, comments: false },
    ...{ entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    codeSplitting: { groups: [{ name: 'run', tags: ['$initial'] }] },
  })
  await bundle.close()
  return output
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(dist, 'page')
  mkdirSync(folder, { recursive: true })
  const chunks = await buildPage()
  // Each in one move, the entry last: a test beside this process may read them.
  for (const { fileName, code } of chunks.toReversed()) {
    const target = join(folder, fileName)
    writeFileSync(`${target}.${process.pid}`, code)
    renameSync(`${target}.${process.pid}`, target)
  }
  const kept = new Set(chunks.map(({ fileName }) => fileName))
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name))
}
