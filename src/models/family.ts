/** What the networks of one paper share, and what makes one network of them. */
import type { BuildOptions } from './options.ts'
import type { TableRow } from './table.ts'
import type { WidthRule } from './width.ts'

export interface Family {
  /** Values of options where this family's differ from all others'. */
  readonly defaults: BuildOptions
  /** Whether its blocks have depthwise convolutions, which `convolution: 'standard'` replaces. */
  readonly separable: boolean
  /** The rows at a width: channels, expansions and head. */
  widths(rows: readonly TableRow[], width: number, rule: WidthRule): TableRow[]
}

/** Top-1 accuracy on ImageNet in percent, as a source reports it. Nothing here was trained by us. */
export interface Reported {
  readonly top1: number
  readonly width: number
  readonly size: number
  /** Paper or code that says so. */
  readonly source: string
}

/** What building a network needs. */
export interface Definition {
  readonly family: Family
  readonly table: readonly TableRow[]
  /** Values of options where this network's differ from its family's. */
  readonly defaults?: BuildOptions
}

/** What lists of models say of a network. Tables of their own, so that a page that only builds networks has none. */
export interface Publication {
  readonly title: string
  /** Paper and table. */
  readonly source: string
  readonly reported: readonly Reported[]
}

/** A grid of reported accuracies: one row a width, one column a size. */
export function grid(
  source: string,
  sizes: readonly number[],
  rows: Readonly<Record<string, readonly number[]>>,
): Reported[] {
  return Object.entries(rows).flatMap(([width, top1]) =>
    top1.map((t, i) => ({ top1: t, width: Number(width), size: sizes[i], source })),
  )
}
