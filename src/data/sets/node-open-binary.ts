/** Opens a folder with the files of MNIST, Fashion-MNIST or CIFAR, plain or gzipped, as datasets in memory. */
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { assert, KingletError } from '../../core/index.ts'
import { readBytes } from '../images/node-decode.ts'
import { type CifarKind, cifarDataset } from './cifar.ts'
import type { Dataset } from './dataset.ts'
import { fashionMnistClasses, idxDataset, type NamedBytes } from './idx.ts'
import type { Parts } from './node-open-folder.ts'

/** A kind of binary files: how to recognise a folder by its file names, and how to open it. */
export interface BinaryKind {
  holds(names: readonly string[]): boolean
  /** `known`: the model's classes, in its order. */
  open(root: string, names: readonly string[], known: readonly string[] | undefined): Promise<Parts>
}

/** The first of `names` that matches, plain files before gzipped ones. */
const find = (names: readonly string[], pattern: string): string | undefined => {
  const matching = names.filter((name) => new RegExp(`^${pattern}(\\.gz)?$`).test(name))
  return matching.find((name) => !name.endsWith('.gz')) ?? matching[0]
}

async function read(root: string, name: string): Promise<NamedBytes> {
  const bytes = await readBytes(join(root, name), name)
  if (!name.endsWith('.gz')) return { name, bytes }
  try {
    return { name, bytes: await promisify(gunzip)(bytes) }
  } catch (error) {
    throw new KingletError(`${name}: damaged gzip (${(error as Error).message}): get the file again`)
  }
}

/** Class names, one per line; undefined when the file does not exist. */
async function readClasses(root: string, names: readonly string[], file: string): Promise<string[] | undefined> {
  if (!names.includes(file)) return undefined
  const text = new TextDecoder().decode((await read(root, file)).bytes)
  return text.split(/\r?\n/).flatMap((line) => line.trim() || [])
}

/** The class names to use: the model's, if given. Throws when the folder has class names that differ from them. */
function agreed(root: string, own: readonly string[] | undefined, known: readonly string[] | undefined) {
  const differ = own && known && own.join('\n') !== known.join('\n')
  assert(!differ, () => `${root}: its classes are ${own?.join(', ')}, the model's are ${known?.join(', ')}`)
  return known ?? own
}

const idxImages = (names: readonly string[], part: string) => find(names, `${part}-images[-.]idx3-ubyte`)

/** `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, and the same with `t10k` or `test`. */
export const idx: BinaryKind = {
  holds: (names) => idxImages(names, 'train') !== undefined,
  async open(root, names, known) {
    const path = resolve(root)
    const isFashion = /fashion/i.test(join(basename(dirname(path)), basename(path)))
    const own = (await readClasses(root, names, 'classes.txt')) ?? (isFashion ? fashionMnistClasses : undefined)
    const part = async (name: string, classes: readonly string[] | undefined): Promise<Dataset> => {
      const images = idxImages(names, name) ?? ''
      const labels = find(names, `${name}-labels[-.]idx1-ubyte`)
      if (!labels) throw new KingletError(`${root}: there is ${images}, but no ${name}-labels-idx1-ubyte`)
      return idxDataset(await read(root, images), await read(root, labels), classes)
    }
    const train = await part('train', agreed(root, own, known))
    const held = ['t10k', 'test'].find((name) => idxImages(names, name))
    return { train, val: held === undefined ? undefined : await part(held, train.classes), issues: [] }
  },
}

const cifar = (kind: CifarKind, trainFiles: readonly string[], testFile: string, classNames: string): BinaryKind => {
  const present = (names: readonly string[], wanted: readonly string[]) =>
    wanted.flatMap((name) => find(names, name.replaceAll('.', '\\.')) ?? [])
  return {
    holds: (names) => present(names, trainFiles).length > 0,
    async open(root, names, known) {
      const classes = agreed(root, await readClasses(root, names, classNames), known)
      const part = async (files: readonly string[]) =>
        cifarDataset(kind, await Promise.all(files.map((name) => read(root, name))), classes)
      const held = present(names, [testFile])
      const val = held.length > 0 ? await part(held) : undefined
      return { train: await part(present(names, trainFiles)), val, issues: [] }
    },
  }
}

const five = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`)
export const cifar10 = cifar('cifar-10', five, 'test_batch.bin', 'batches.meta.txt')
export const cifar100 = cifar('cifar-100', ['train.bin'], 'test.bin', 'fine_label_names.txt')
