/** What is wrong with a set of images, and how it is told. */
import { KingletError } from '../../core/index.ts'

/** What can be wrong, in the order in which a report tells it: how one and several are called. */
const kinds = {
  damaged: ['damaged image', 'damaged images'],
  notImage: ['file that is not an image', 'files that are not images'],
  stray: ['file outside of a class folder', 'files outside of a class folder'],
  emptyClass: ['class without images', 'classes without images'],
  unknownClass: ['class that is not known', 'classes that are not known'],
} as const

export type IssueKind = keyof typeof kinds

export const issueKinds = Object.keys(kinds) as readonly IssueKind[]

/** One thing that is wrong. */
export interface DataIssue {
  readonly kind: IssueKind
  /** A file or folder, relative to the report's path. */
  readonly name: string
  /** The decoder's words, say. */
  readonly detail?: string
  /** Files that are left out because of it. */
  readonly files: number
}

/** What `openDataset` found. */
export interface DataReport {
  readonly path: string
  /** Images that are used, of all parts. */
  readonly images: number
  /** Files that are left out. */
  readonly leftOut: number
  /** Everything that is wrong; empty when all is well. */
  readonly issues: readonly DataIssue[]
}

/** Puts a report together. */
export const reportOf = (path: string, images: number, issues: readonly DataIssue[]): DataReport => ({
  path,
  images,
  leftOut: issues.reduce((n, issue) => n + issue.files, 0),
  issues,
})

/**
 * A report as lines of text: how many images are used, how many files are left out, and by kind what is wrong, with at
 * most `most` names of each.
 *
 * @example
 * ```ts
 * import { formatReport } from 'kinglet/data'
 *
 * const issues = [{ kind: 'notImage', name: 'cat/notes.txt', files: 1 }] as const
 * const lines = formatReport({ path: 'photos', images: 12, leftOut: 1, issues }).split('\n')
 * lines // => ['photos: 12 images, 1 file left out', '  1 file that is not an image:', '    cat/notes.txt']
 * ```
 */
export function formatReport({ path, images, leftOut, issues }: DataReport, most = 10): string {
  const left = leftOut > 0 ? `, ${leftOut} ${leftOut === 1 ? 'file' : 'files'} left out` : ''
  const lines = [`${path}: ${images} images${left}`]
  for (const kind of issueKinds) {
    const found = issues.filter((issue) => issue.kind === kind)
    if (found.length === 0) continue
    lines.push(`  ${found.length} ${kinds[kind][found.length === 1 ? 0 : 1]}:`)
    for (const { name, detail } of found.slice(0, most)) lines.push(`    ${name}${detail ? `: ${detail}` : ''}`)
    if (found.length > most) lines.push(`    and ${found.length - most} more`)
  }
  return lines.join('\n')
}

/** Throws the report when there is anything in it: what `strict` asks for. */
export function assertClean(report: DataReport): void {
  if (report.issues.length === 0) return
  const way = 'Mend or remove these, or do without strict: then they are left out.'
  throw new KingletError(`${formatReport(report)}\n  ${way}`)
}
