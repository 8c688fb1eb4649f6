/** What was found wrong with a set of images, and how it is told. */

/** What can be wrong, and how a report says it. */
export const issueKinds = {
  damaged: 'damaged images',
  empty: 'empty files',
  notImage: 'files that are not images',
  stray: 'files outside a class folder',
  emptyClass: 'classes without images',
  unknownClass: 'classes that the training set does not have',
} as const

export type IssueKind = keyof typeof issueKinds

export interface DataIssue {
  readonly kind: IssueKind
  /** Relative to the report's `path`: `train/cat/7.jpg`. */
  readonly name: string
  /** The decoder's words, or how many images it concerns. */
  readonly detail?: string
  /** Images that are left out because of it. */
  readonly images: number
}

/** What `openDataset` found. */
export interface DataReport {
  readonly path: string
  /** Images that are used, of all parts. */
  readonly images: number
  /** Images that are left out. */
  readonly leftOut: number
  /** Everything that is wrong; empty when all is well. */
  readonly issues: readonly DataIssue[]
}
