/** Opens a folder of images, whatever kind it is. */
import { stat } from 'node:fs/promises'
import { assert, KingletError } from '../../core/index.ts'
import type { CheckOptions } from './check.ts'
import type { Dataset } from './dataset.ts'
import { type Entry, entriesOf } from './node-folder.ts'
import { type BinaryKind, cifar10, cifar100, idx } from './node-open-binary.ts'
import { openFolder, type Parts } from './node-open-folder.ts'
import { assertClean, type DataReport, reportOf } from './report.ts'
import { splitDataset } from './split.ts'

export interface OpenOptions extends CheckOptions {
  /**
   * Fraction of each class that is held out where the folder has no split of its own; 0.1 when it is left out, 0 for
   * none.
   */
  readonly validation?: number | undefined
  /** Decides which images are held out; 0 when it is left out. */
  readonly seed?: number | undefined
  /** Classes that a model knows, in its order: those of the folder that are not among them are left out. */
  readonly classes?: readonly string[] | undefined
  /** Make everything that would be left out an error. */
  readonly strict?: boolean | undefined
  /** Decode every image file first, and leave the damaged ones out; true when it is left out. */
  readonly check?: boolean | undefined
}

/** A set of images and its parts. */
export interface OpenedData {
  readonly kind: 'folder' | 'idx' | 'cifar-10' | 'cifar-100'
  readonly classes: readonly string[]
  readonly train: Dataset
  /** Undefined when `validation` is 0 and the folder has no split of its own. */
  readonly val: Dataset | undefined
  /** Only where the folder has both a validation and a test part. */
  readonly test: Dataset | undefined
  readonly report: DataReport
}

const binaries: Readonly<Record<Exclude<OpenedData['kind'], 'folder'>, BinaryKind>> = {
  idx,
  'cifar-10': cifar10,
  'cifar-100': cifar100,
}

/**
 * Opens a folder of one of these kinds:
 *
 * - a folder for each class, with images at any depth (`photos/cat/1.jpg`);
 * - `train` and `val` (or `valid`, `validation`, `test`) with such folders in them;
 * - the IDX files of MNIST and Fashion-MNIST, plain or gzipped; names of the classes from `classes.txt`, if there;
 * - the binary files of CIFAR-10 or CIFAR-100, plain or gzipped.
 *
 * What is wrong with it is left out and told in `report`; with `strict` it is an error. Image files are decoded first,
 * so that a damaged one does not stop a training run later: one pass over the files, on the pool's threads where there
 * is one. Throws a `KingletError` when the folder is none of these, holds no images or one class only.
 *
 * @example
 * ```ts
 * import { fileURLToPath } from 'node:url'
 * import { openDataset } from 'kinglet/data'
 *
 * const folder = new URL('data/fashion-mnist', import.meta.resolve('kinglet/package.json'))
 * const { train, val, classes } = await openDataset(fileURLToPath(folder))
 * const found = [train.length, val?.length, classes[9]]
 * found // => [10000, 2000, 'Ankle boot']
 * ```
 */
export async function openDataset(path: string, options: OpenOptions = {}): Promise<OpenedData> {
  const { validation = 0.1, seed = 0, check = true } = options
  assert(
    validation >= 0 && validation < 1,
    () => `${path}: a fraction of ${validation} is to be held out: it must be from 0 to 1, without 1`,
  )
  const entries = await entriesOfFolder(path)
  const { kind, train, val, test, issues } = await openParts(path, entries, { ...options, check })
  assert(options.classes || train.classes.length > 1, () => onlyOneClass(path, kind, train))
  const used = train.length + (val?.length ?? 0) + (test?.length ?? 0)
  const report = reportOf(path, used, issues)
  if (options.strict) assertClean(report)
  const parts = val || validation === 0 ? { train, val } : splitDataset(train, validation, seed)
  return { kind, classes: train.classes, ...parts, test, report }
}

function onlyOneClass(path: string, kind: OpenedData['kind'], train: Dataset): string {
  const [only] = train.classes
  const said = `${path}: there is only one class (${only}): a classifier needs two or more`
  if (kind !== 'folder') return said
  // cat/1.jpg is an image of the class; photos/cat/1.jpg may be one of a set that lies one folder deeper.
  const deeper = new Set<string>()
  for (let i = 0; i < train.length; i++) {
    const parts = train.name(i).split('/')
    deeper.add(parts.length > 2 ? (parts.at(-2) ?? '') : '')
  }
  return deeper.size > 1 && !deeper.has('')
    ? `${said}. Its images are in ${deeper.size} folders of their own: did you mean ${path}/${only}?`
    : `${said}, each with a folder of its own (${path}/cat/1.jpg, ${path}/dog/1.jpg)`
}

async function entriesOfFolder(path: string): Promise<Entry[]> {
  const found = await stat(path).catch(() => undefined)
  assert(found, () => `${path}: there is no such folder`)
  assert(found.isDirectory(), () => `${path}: a file, not a folder: unpack it, and give the folder`)
  try {
    return await entriesOf(path)
  } catch (error) {
    throw new KingletError(`${path}: the folder cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

async function openParts(
  path: string,
  entries: readonly Entry[],
  options: OpenOptions & { readonly check: boolean },
): Promise<Parts & { readonly kind: OpenedData['kind'] }> {
  const files = entries.filter((e) => !e.isFolder).map((e) => e.name)
  for (const kind of Object.keys(binaries) as (keyof typeof binaries)[])
    if (binaries[kind].holds(files)) return { kind, ...(await binaries[kind].open(path, files, options.classes)) }
  if (files.length < entries.length) return { kind: 'folder', ...(await openFolder(path, entries, options)) }
  const holds = files.length === 0 ? 'it is empty' : `it holds ${files.length} files (${files[0]}, ...) and no folders`
  throw new KingletError(
    `${path}: not a set of images, ${holds}. It should hold one of these:\n` +
      `  a folder for each class: ${path}/cat/1.jpg, ${path}/dog/1.jpg\n` +
      `  train and val with such folders: ${path}/train/cat/1.jpg, ${path}/val/cat/2.jpg\n` +
      '  IDX files: train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or .gz\n' +
      '  CIFAR binary files: data_batch_1.bin (CIFAR-10) or train.bin (CIFAR-100), plain or .gz',
  )
}
