/**
 * Builds `kinglet/run` for pages from the compiled entry dist/browser-run.js. dist/page/run.js holds what every network
 * of the registry needs. The modules beside it hold what only some networks need; each is loaded when a network needs
 * it (docs/decisions/014-what-a-page-loads-is-composed.md). `npm run build` runs this file after the compiler.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, posix } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { parseAst } from 'rolldown/parseAst'
import { minify } from 'rolldown/utils'

const dist = fileURLToPath(new URL('../dist', import.meta.url))

/** Minifies the program of workers. It is a string, which the minifier of modules does not change. */
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

/** Modules in memory, by their path from a common root. */
const inMemory = (modules) => ({
  name: 'in-memory',
  resolveId(id, from) {
    const path = from ? posix.join(posix.dirname(from), id) : id
    return modules.has(path) ? path : undefined
  },
  load: (path) => modules.get(path),
})

/** Runs rolldown. Modules of the package only define things, so none has side effects. */
async function generate(input, output) {
  const bundle = await rolldown({
    ...input,
    platform: 'browser',
    treeshake: { moduleSideEffects: false },
    logLevel: 'warn',
  })
  const chunks = (await bundle.generate({ format: 'esm', ...output })).output
  await bundle.close()
  return chunks
}

const nodes = (node) =>
  Object.values(node)
    .flat()
    .filter((x) => typeof x?.type === 'string')
const all = (node, type) => [...(node.type === type ? [node] : []), ...nodes(node).flatMap((child) => all(child, type))]

/** The text with each [node, text] replaced. */
const replaced = (code, edits) =>
  edits
    .toSorted(([a], [b]) => b.start - a.start)
    .reduce((text, [{ start, end }, now]) => text.slice(0, start) + now + text.slice(end), code)

/**
 * What the first chunk exports for the others goes by the names that it has inside: `export{a,b}` where the bundler writes
 * `export{a as X,b as Y}`, half a kilobyte less.
 */
function withShortExports([first, ...others], isPublic) {
  const own = all(parseAst(first.code), 'ExportSpecifier').filter(({ exported }) => !isPublic(exported.name))
  const inside = new Map(own.map(({ local, exported }) => [exported.name, local.name]))
  const imports = (code) =>
    all(parseAst(code), 'ImportDeclaration').filter(({ source }) => source.value === `./${first.fileName}`)
  return [
    {
      ...first,
      code: replaced(
        first.code,
        own.map((specifier) => [specifier, specifier.local.name]),
      ),
    },
    ...others.map((chunk) => ({
      ...chunk,
      code: replaced(
        chunk.code,
        imports(chunk.code).flatMap(({ specifiers }) =>
          specifiers.map((s) => [s, `${inside.get(s.imported.name) ?? s.imported.name} as ${s.local.name}`]),
        ),
      ),
    })),
  ]
}

/**
 * Bundles a module of dist with its imports. Static imports form the first chunk, dynamic imports the other chunks.
 * Returns rolldown's chunks.
 *
 * There are two steps, because a bundler assigns a module to the chunks of all modules that import it, even if they do
 * not use it. The first step removes unused code and unused imports, the second combines the modules.
 */
export async function buildPage(input = join(dist, 'browser-run.js')) {
  const shaken = await generate(
    { input: { run: input }, plugins: [worker], transform: { define: { 'globalThis.process': 'undefined' } } },
    { preserveModules: true, preserveModulesRoot: dist },
  )
  const modules = new Map(shaken.map(({ fileName, code }) => [`/${fileName}`, code]))
  const entry = shaken.find(({ isEntry }) => isEntry)
  const chunks = await generate(
    {
      input: { run: `/${entry.fileName}` },
      plugins: [inMemory(modules)],
      // The first chunk exports what the others import from it, besides its own names.
      preserveEntrySignatures: 'allow-extension',
    },
    {
      ...{ minify: true, comments: false },
      ...{ entryFileNames: '[name].js', chunkFileNames: '[name]-[hash:6].js' },
      codeSplitting: {
        groups: [
          { name: 'run', tags: ['$initial'] },
          // Small, and hardly ever wanted without it.
          { name: 'max-pool', test: /kernels\/(max-pool|channels)\.js$/, includeDependenciesRecursively: false },
        ],
      },
    },
  )
  return withShortExports(chunks, (name) => entry.exports.includes(name))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(dist, 'page')
  mkdirSync(folder, { recursive: true })
  const chunks = await buildPage()
  // Replace each file atomically, the entry last: a concurrent test may read them.
  for (const { fileName, code } of chunks.toReversed()) {
    const target = join(folder, fileName)
    writeFileSync(`${target}.${process.pid}`, code)
    renameSync(`${target}.${process.pid}`, target)
  }
  const kept = new Set(chunks.map(({ fileName }) => fileName))
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name))
}
