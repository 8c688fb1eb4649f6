/** Opens a folder of images of any supported kind. */
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
  /** Fraction of each class to hold out when the folder has no split: at least 0 and below 1. 0.1 by default. */
  readonly validation?: number | undefined
  /** Seed of the choice of held-out images. 0 by default. */
  readonly seed?: number | undefined
  /** The model's classes, in its order. Other classes of the folder are left out. */
  readonly classes?: readonly string[] | undefined
  /** Throws an error instead of leaving files out. */
  readonly strict?: boolean | undefined
  /** Decodes every image file first, and leaves damaged files out. True by default. */
  readonly check?: boolean | undefined
}

/** The parts of a dataset, its classes and its report. */
export interface OpenedData {
  readonly kind: 'folder' | 'idx' | 'cifar-10' | 'cifar-100'
  readonly classes: readonly string[]
  readonly train: Dataset
  /** Undefined when `validation` is 0 and the folder has no split. */
  readonly val: Dataset | undefined
  /** Defined only when the folder has both a validation and a test part. */
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
 * - one folder per class, with images at any depth (`photos/cat/1.jpg`);
 * - `train` and `val` (or `valid`, `validation`, `test`), each with one folder per class;
 * - the IDX files of MNIST and Fashion-MNIST, plain or gzipped, with optional class names in `classes.txt`;
 * - the binary files of CIFAR-10 or CIFAR-100, plain or gzipped.
 *
 * Unusable files are left out and listed in `report`; with `strict` they are an error. Every image file is decoded
 * once, on the threads of `pool` if there is one, so that a damaged file does not stop a training run later. Throws a
 * `KingletError` when the folder is of no supported kind, has no images, or has only one class.
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
    () => `${path}: validation is ${validation}: it must be a fraction of at least 0 and below 1`,
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
  // cat/1.jpg is an image of class cat. In photos/cat/1.jpg the dataset may lie one folder deeper.
  const deeper = new Set<string>()
  for (let i = 0; i < train.length; i++) {
    const parts = train.name(i).split('/')
    deeper.add(parts.length > 2 ? (parts.at(-2) ?? '') : '')
  }
  return deeper.size > 1 && !deeper.has('')
    ? `${said}. Its images are in ${deeper.size} folders: did you mean ${path}/${only}?`
    : `${said}, each in its own folder (${path}/cat/1.jpg, ${path}/dog/1.jpg)`
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
  const holds = files.length === 0 ? 'it is empty' : `it has ${files.length} files (${files[0]}, ...) and no folders`
  throw new KingletError(
    `${path}: not a dataset: ${holds}. It must contain one of these:\n` +
      `  one folder per class: ${path}/cat/1.jpg, ${path}/dog/1.jpg\n` +
      `  train and val, each with one folder per class: ${path}/train/cat/1.jpg, ${path}/val/cat/2.jpg\n` +
      '  IDX files: train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or .gz\n' +
      '  CIFAR binary files: data_batch_1.bin (CIFAR-10) or train.bin (CIFAR-100), plain or .gz',
  )
}
