/**
 * Lists a folder of classes. Each folder is a class; all image files below it, at any depth, are its images. Names are
 * sorted by their UTF-16 code units, so the order does not depend on the file system or the language of the machine.
 */
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { KingletError } from '../../core/index.ts'
import type { DataIssue } from './report.ts'

/** A class and its images' paths, relative to the root of the dataset. */
export interface ListedClass {
  readonly name: string
  readonly paths: readonly string[]
}

export interface Listing {
  readonly classes: readonly ListedClass[]
  readonly issues: readonly DataIssue[]
}

const imageName = /\.(jpe?g|jfif|png|webp|avif|gif)$/i

/** Files and folders that operating systems create by themselves. */
const litter = /^(\..*|thumbs\.db|desktop\.ini|__macosx)$/i

export interface Entry {
  readonly name: string
  readonly isFolder: boolean
}

/** The entries of a folder, sorted, without the operating system's own files. Links are followed. */
export async function entriesOf(path: string): Promise<Entry[]> {
  const found = (await readdir(path, { withFileTypes: true })).filter((e) => !litter.test(e.name))
  found.sort((a, b) => (a.name < b.name ? -1 : 1))
  return Promise.all(
    found.map(async (e) => ({
      name: e.name,
      isFolder: e.isSymbolicLink()
        ? await stat(join(path, e.name)).then(
            (s) => s.isDirectory(),
            () => false,
          )
        : e.isDirectory(),
    })),
  )
}

/** The classes in folder `part` of `root`; `''` is `root` itself. */
export async function listClasses(root: string, part: string): Promise<Listing> {
  const issues: DataIssue[] = []
  const classes: ListedClass[] = []
  for (const { name, isFolder } of await entriesOf(join(root, part))) {
    const path = part === '' ? name : `${part}/${name}`
    if (isFolder) classes.push({ name, paths: await imagesBelow(root, path, issues) })
    else issues.push({ kind: 'stray', name: path, files: 1 })
  }
  return { classes, issues }
}

async function imagesBelow(
  root: string,
  folder: string,
  issues: DataIssue[],
  above: readonly string[] = [],
): Promise<string[]> {
  const real = await realpath(join(root, folder))
  if (above.includes(real))
    throw new KingletError(`${join(root, folder)}: a link to a folder that contains it: remove it`)
  const images: string[] = []
  for (const { name, isFolder } of await entriesOf(real)) {
    const path = `${folder}/${name}`
    // No spread into push: a folder may hold more files than a call can have arguments.
    if (isFolder) for (const image of await imagesBelow(root, path, issues, [...above, real])) images.push(image)
    else if (imageName.test(name)) images.push(path)
    else issues.push({ kind: 'notImage', name: path, files: 1 })
  }
  return images
}
