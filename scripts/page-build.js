/**
 * The page's `kinglet/run`: one minified module, dist/page/run.js, built from the compiled entry dist/browser-run.js
 * without what page-cuts.js lists. `npm run build` runs this file after the compiler (docs/decisions/008).
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { minify } from 'rolldown/utils'
import { cutModule, membersOf } from './page-cuts.js'

const dist = fileURLToPath(new URL('../dist', import.meta.url))

/** The text that workers run is a string, which no minifier looks into. */
async function minifiedWorker(path) {
  const { workerSource, ...others } = await import(pathToFileURL(path).href)
  if (Object.keys(others).length > 0) throw new Error(`page-build.js: ${path} exports more than workerSource`)
  const { code, errors } = await minify('worker.js', workerSource, { module: false, mangle: { toplevel: false } })
  if (errors.length > 0) throw new Error(`page-build.js: the text of workers: ${errors[0].message}`)
  return `export const workerSource = ${JSON.stringify(code)}`
}

const cutting = (used) => ({
  name: 'page-cuts',
  transform(code, path) {
    const name = relative(dist, path).replaceAll(sep, '/')
    if (name.startsWith('..')) return undefined
    if (name === 'wasm/runtime/worker-source.js') return minifiedWorker(path)
    return cutModule(name, code, { absentFrom: join(dist, 'core/absent.js'), used })
  },
})

async function bundle(input, used) {
  const treeshake = { moduleSideEffects: false }
  const found = await rolldown({ input, platform: 'browser', plugins: [cutting(used)], treeshake, logLevel: 'warn' })
  const { output } = await found.generate({ format: 'esm', minify: true, comments: false, codeSplitting: false })
  await found.close()
  return output[0]
}

/**
 * Bundles a module of dist with all that it imports, cut: twice, since what is used is known once the rest is cut.
 * Returns the chunk: its `code`, and its `modules` by path.
 */
export async function buildPage(input = join(dist, 'browser-run.js')) {
  const { code } = await bundle(input)
  return bundle(input, membersOf(code))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = join(dist, 'page/run.js')
  mkdirSync(dirname(target), { recursive: true })
  // In one move: a test beside this process may read it.
  writeFileSync(`${target}.${process.pid}`, (await buildPage()).code)
  renameSync(`${target}.${process.pid}`, target)
}
