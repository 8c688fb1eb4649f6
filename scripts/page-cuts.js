/**
 * What the page's `kinglet/run` is built without: all that runs no model file. Sources stay whole (an op's contract is
 * one record in one file); the build cuts the compiled modules by these lists, and tests run every network of the
 * registry on what is left. A name in them that is nowhere to be found fails the build.
 */
import { parseAst } from 'rolldown/parseAst'

/**
 * Members of object literals, by module of dist (a folder stands for all in it). They are cut, but for oracles: those
 * say that they are absent.
 */
export const slots = {
  // Training, counting and tests. Oracles of elementwise primitives, sums, views and packing fold constants.
  'ops/': ['training', 'grad', 'samples', 'cost', 'layer', 'axes', 'isProduct'],
  'ops/activations.js': ['apply'],
  'ops/batch-norm.js': ['reference'],
  'ops/conv2d.js': ['reference'],
  'ops/depthwise-conv2d.js': ['reference'],
  'ops/im2col.js': ['reference'],
  'ops/matmul.js': ['reference'],
  'ops/pool.js': ['reference'],
  'ops/slice.js': ['reference'],
  'graph/passes/fused.js': ['grad', 'samples', 'cost', 'reference'],
  'wasm/passes/packed-matmul.js': ['grad', 'samples', 'cost'],
  'wasm/passes/packed-conv.js': ['grad', 'samples', 'cost', 'reference'],
  // For lists of models; building one needs its table alone.
  'models/': ['title', 'source', 'reported'],
  // What saves and trains.
  'platform/page/platform.js': ['write', 'open', 'pool'],
}

/** Exports by module, with what is said when one is called after all. */
export const exported = {
  // Gradients, and what only they and training use.
  'ops/batch-norm.js': { channelMean: 'op channel_mean', channelVariance: 'op channel_variance' },
  'ops/dropout.js': { dropout: 'op dropout' },
  'wasm/kernels/depthwise-dw.js': { depthwiseDw: 'kernel of depthwise_conv2d_dw' },
  'wasm/kernels/depthwise.js': { depthwiseDx: 'kernel of depthwise_conv2d_dx' },
  'wasm/kernels/dropout.js': { dropout: 'kernel of dropout' },
  'wasm/kernels/flip-transpose.js': { flipTranspose: 'kernel of flip_transpose' },
  'wasm/kernels/matmul-transposed.js': {
    packedTransposed: 'kernel of packed_matmul with transA',
    transposedProduct: 'kernel of matmul',
  },
  'wasm/kernels/max-pool.js': { maxPoolDx: 'kernel of max_pool_dx' },
  'wasm/kernels/softmax.js': { softmax: 'kernel of softmax', logSoftmax: 'kernel of log_softmax' },
  // No network of the registry has grouped convolutions (but depthwise ones) or resizes.
  'ops/concat.js': { concat: 'op concat' },
  'ops/slice.js': { sliceLast: 'op slice' },
  'wasm/kernels/concat.js': { concat: 'kernel of concat' },
  'wasm/kernels/resize-bilinear.js': {
    resizeBilinear: 'kernel of resize_bilinear',
    resizeBilinearDx: 'kernel of resize_bilinear_dx',
  },
  'wasm/kernels/slice.js': { slice: 'kernel of slice' },
  // Inference walks the patches of a convolution in the image, and packs weights when it compiles.
  'wasm/kernels/im2col.js': { im2col: 'kernel of im2col' },
  'wasm/kernels/matmul.js': { packPanels: 'kernel of pack' },
  'wasm/runtime/host.js': { spawnInNode: 'threads of Node' },
  // Only files of the second kind carry a graph.
  'nn/json/index.js': { networkFromJson: 'the graph of a model file' },
  // A model file has its weights.
  'core/rng.js': { key: 'first values of weights', Rng: 'random numbers' },
  'engine/reference.js': { referenceEngine: 'engine reference' },
}

/** The name in the object literal of an op's contract. */
const opOf = ({ properties }) => properties.find(({ key }) => key?.name === 'name').value.value
/** The rows of this table are instructions: those go which the bundle nowhere asks for by name. */
const instructions = 'wasm/assembler/instructions.js'
const isRow = (node) => node.value?.type === 'ArrayExpression'

const isNode = (x) => typeof x?.type === 'string'
/** The end of a list's element, with the comma behind it. */
const behind = (code, end) => end + (/^\s*,/.exec(code.slice(end))?.[0].length ?? 0)

const childrenOf = (node) => Object.values(node).flat().filter(isNode)

/** Names of all members that a text asks for (`x.name`). */
export function membersOf(code) {
  const names = new Set()
  const walk = (node) => {
    if (node.type === 'MemberExpression') names.add(node.property.name)
    childrenOf(node).forEach(walk)
  }
  walk(parseAst(code))
  return names
}

/**
 * The text of a compiled module without what the lists name, `absentFrom` being where it imports `absent` from, and
 * `used` the members that the bundle asks for where that is known. Calls whose results are top-level constants are
 * marked as pure (no module of Kinglet's does anything but define), so that those which nothing uses any longer go too.
 * Throws for a name that the module does not have.
 */
export function cutModule(path, code, { absentFrom, used }) {
  const members = Object.entries(slots).flatMap(([at, names]) =>
    at === path || (at.endsWith('/') && path.startsWith(at)) ? names : [],
  )
  const names = exported[path] ?? {}
  const found = new Set()
  const edits = []
  const replace = ({ start, end }, text) => edits.push({ start, end, text })
  const saying = (what) => `/* @__PURE__ */ __absent(${JSON.stringify(what)})`

  const walk = (node) => {
    for (const child of childrenOf(node)) {
      const name = node.type === 'ObjectExpression' ? child.key?.name : undefined
      const isUnused = path === instructions && name && isRow(child) && used && !used.has(name)
      if (!members.includes(name) && !isUnused) walk(child)
      else if (name === 'reference') replace(child, `reference: ${saying(`oracle of ${opOf(node)}`)}`)
      else replace({ start: child.start, end: behind(code, child.end) }, '')
      found.add(name)
    }
  }

  for (const statement of parseAst(code).body) {
    const declared = statement.declaration ?? statement
    const name = (declared.id ?? declared.declarations?.[0].id)?.name
    if (statement.type === 'ExportNamedDeclaration' && Object.hasOwn(names, name)) {
      found.add(name)
      replace(statement, `export const ${name} = ${saying(names[name])};`)
      continue
    }
    for (const { init } of declared.declarations ?? [])
      if (init?.type === 'CallExpression') replace({ start: init.start, end: init.start }, '/* @__PURE__ */ ')
    walk(statement)
  }
  const wanted = [...(slots[path] ?? []), ...Object.keys(names)].filter((name) => !found.has(name))
  if (wanted.length > 0) throw new Error(`page-cuts.js: ${path} has no ${wanted.join(', ')}: correct the list`)
  let text = code
  for (const { start, end, text: now } of edits.toSorted((a, b) => b.start - a.start || b.end - a.end))
    text = text.slice(0, start) + now + text.slice(end)
  return text.includes('__absent') ? `import { absent as __absent } from ${JSON.stringify(absentFrom)};\n${text}` : text
}
