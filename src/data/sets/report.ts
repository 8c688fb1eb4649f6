/** The issues of a dataset, and their text. */
import { KingletError } from '../../core/index.ts'

/** Kinds of issues, in the order of a report: singular and plural. */
const kinds = {
  damaged: ['damaged image', 'damaged images'],
  notImage: ['file that is not an image', 'files that are not images'],
  stray: ['file outside a class folder', 'files outside a class folder'],
  emptyClass: ['class without images', 'classes without images'],
  unknownClass: ['unknown class', 'unknown classes'],
} as const

export type IssueKind = keyof typeof kinds

export const issueKinds = Object.keys(kinds) as readonly IssueKind[]

/** One issue. */
export interface DataIssue {
  readonly kind: IssueKind
  /** A file or folder, relative to the report's path. */
  readonly name: string
  /** More about the issue, such as the decoder's message. */
  readonly detail?: string
  /** Number of files that are left out because of it. */
  readonly files: number
}

/** What `openDataset` found. */
export interface DataReport {
  readonly path: string
  /** Number of images in all parts. */
  readonly images: number
  /** Number of files that are left out. */
  readonly leftOut: number
  /** All issues; empty when there are none. */
  readonly issues: readonly DataIssue[]
}

/** Makes a report. */
export const reportOf = (path: string, images: number, issues: readonly DataIssue[]): DataReport => ({
  path,
  images,
  leftOut: issues.reduce((n, issue) => n + issue.files, 0),
  issues,
})

/**
 * Formats a report as lines of text: the number of images used, the number of files left out, and the issues by kind,
 * with at most `most` names per kind.
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

/** Throws the report as an error when it has issues; implements `strict`. */
export function assertClean(report: DataReport): void {
  if (report.issues.length === 0) return
  const way = 'Repair or remove these files, or turn strict off to leave them out.'
  throw new KingletError(`${formatReport(report)}\n  ${way}`)
}
