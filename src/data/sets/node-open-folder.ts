/** Opens a folder of classes as datasets of image files, and lists the files that are left out, with the reason. */
import { assert } from '../../core/index.ts'
import { type CheckOptions, checkDataset } from './check.ts'
import type { Dataset } from './dataset.ts'
import { fileSource, openFiles } from './node-files.ts'
import { type Entry, entriesOf, type ListedClass, listClasses } from './node-folder.ts'
import type { DataIssue } from './report.ts'

export interface FolderOptions extends CheckOptions {
  readonly classes?: readonly string[] | undefined
  readonly check: boolean
}

/** The datasets of a folder, before a seeded split. */
export interface Parts {
  readonly train: Dataset
  readonly val?: Dataset | undefined
  readonly test?: Dataset | undefined
  readonly issues: readonly DataIssue[]
}

const partNames = {
  train: /^train(ing)?$/i,
  val: /^val(id(ation)?)?$/i,
  test: /^test(ing)?$/i,
} as const

/** Folders `train`, `val` and `test`; undefined when they are ordinary classes (`train` and `bus`, for example). */
async function givenSplit(root: string, entries: readonly Entry[]) {
  const folders = entries.filter((e) => e.isFolder).map((e) => e.name)
  const named = (part: keyof typeof partNames) => folders.find((name) => partNames[part].test(name))
  const [train, val, test] = [named('train'), named('val'), named('test')]
  const others = folders.filter((name) => name !== train && name !== val && name !== test)
  if (train === undefined || others.length > 0) return undefined
  // The parts of a split contain folders of classes, not images.
  const hasClasses = (await entriesOf(`${root}/${train}`)).some((e) => e.isFolder)
  return hasClasses ? { train, val: val ?? test, test: val === undefined ? undefined : test } : undefined
}

/** Opens the folder `root` with these `entries`. */
export async function openFolder(root: string, entries: readonly Entry[], options: FolderOptions): Promise<Parts> {
  const split = await givenSplit(root, entries)
  const issues: DataIssue[] = []
  const train = await openPart(root, split?.train ?? '', options.classes, options, issues)
  if (!split) return { train, issues }
  for (const { name, isFolder } of entries) if (!isFolder) issues.push({ kind: 'stray', name, files: 1 })
  const other = (part: string | undefined) =>
    part === undefined ? undefined : openPart(root, part, train.classes, options, issues)
  return { train, val: await other(split.val), test: await other(split.test), issues }
}

/** One part of the dataset. Leaves out classes that are not in `known`; without `known`, classes without images. */
async function openPart(
  root: string,
  part: string,
  known: readonly string[] | undefined,
  options: FolderOptions,
  issues: DataIssue[],
): Promise<Dataset> {
  const where = part === '' ? root : `${root}/${part}`
  const pathOf = (name: string) => (part === '' ? name : `${part}/${name}`)
  const listing = await listClasses(root, part)
  issues.push(...listing.issues)
  const isKnown = ({ name }: ListedClass) => !known || known.includes(name)
  for (const { name, paths } of listing.classes.filter((c) => !isKnown(c)))
    issues.push({
      kind: 'unknownClass',
      name: pathOf(name),
      detail: `${paths.length} ${paths.length === 1 ? 'image' : 'images'}`,
      files: paths.length,
    })
  const listed = listing.classes.filter(isKnown)
  const found = listed.some((c) => c.paths.length > 0)
  assert(found, () => nothingFound(where, listing.classes, known))

  const damaged = options.check ? await damagedPaths(root, listed, options, issues) : new Set<string>()
  const sound = listed.map(({ name, paths }) => ({ name, paths: paths.filter((path) => !damaged.has(path)) }))
  for (const [i, { name, paths }] of sound.entries())
    if (paths.length === 0) {
      const detail = listed[i].paths.length > 0 ? { detail: 'all of its images are damaged' } : {}
      issues.push({ kind: 'emptyClass', name: pathOf(name), ...detail, files: 0 })
    }
  const used = sound.filter((c) => c.paths.length > 0)
  assert(used.length > 0, () => `${where}: every image is damaged (the first is ${[...damaged][0]}): replace them`)
  return asDataset(root, used, known ?? used.map((c) => c.name))
}

function nothingFound(where: string, listed: readonly ListedClass[], known: readonly string[] | undefined): string {
  const some = (names: readonly string[]) => names.slice(0, 5).join(', ') + (names.length > 5 ? ', ...' : '')
  const names = some(listed.map((c) => c.name))
  if (known && listed.some((c) => c.paths.length > 0))
    return `${where}: none of its classes (${names}) is a class of the model (${some(known)})`
  return `${where}: there are no images in its folders (${names}): use JPEG, PNG, WebP, AVIF or GIF files`
}

function asDataset(root: string, used: readonly ListedClass[], classes: readonly string[]): Dataset {
  const labels = used.flatMap(({ name, paths }) => new Array<number>(paths.length).fill(classes.indexOf(name)))
  const paths = used.flatMap((c) => c.paths)
  return openFiles(fileSource(root, paths, labels), classes)
}

/** The images that cannot be decoded. */
async function damagedPaths(
  root: string,
  listed: readonly ListedClass[],
  options: FolderOptions,
  issues: DataIssue[],
): Promise<ReadonlySet<string>> {
  const all = asDataset(
    root,
    listed,
    listed.map((c) => c.name),
  )
  const damaged = await checkDataset(all, options)
  for (const { index, message } of damaged) {
    const name = all.name(index)
    issues.push({ kind: 'damaged', name, detail: message.replace(`${name}: `, ''), files: 1 })
  }
  return new Set(damaged.map(({ index }) => all.name(index)))
}
