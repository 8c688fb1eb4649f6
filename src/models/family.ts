/** A family (what the networks of one paper share), and the definition of one of its networks. */
import type { BuildOptions } from './options.ts'
import type { TableRow } from './table.ts'
import type { WidthRule } from './width.ts'

export interface Family {
  /** Default options of this family that differ from the common ones. */
  readonly defaults: BuildOptions
  /** Whether its blocks have depthwise convolutions, which `convolution: 'standard'` replaces. */
  readonly separable: boolean
  /** Returns the rows at a width: channels, expansions and head. */
  widths(rows: readonly TableRow[], width: number, rule: WidthRule): TableRow[]
}

/** Top-1 accuracy on ImageNet in percent, as a source reports it. None was measured on networks trained by Kinglet. */
export interface Reported {
  readonly top1: number
  readonly width: number
  readonly size: number
  /** The paper or code that reports it. */
  readonly source: string
}

/** Everything that building a network needs. */
export interface Definition {
  readonly family: Family
  readonly table: readonly TableRow[]
  /** Default options of this network that differ from its family's. */
  readonly defaults?: BuildOptions
}

/** A network's entry in lists of models. Kept apart from definitions, so that a page that only builds does not load it. */
export interface Publication {
  readonly title: string
  /** Paper and table. */
  readonly source: string
  readonly reported: readonly Reported[]
}

/** Reads a grid of reported accuracies: one row for each width, one column for each size. */
export function grid(
  source: string,
  sizes: readonly number[],
  rows: Readonly<Record<string, readonly number[]>>,
): Reported[] {
  return Object.entries(rows).flatMap(([width, top1]) =>
    top1.map((t, i) => ({ top1: t, width: Number(width), size: sizes[i], source })),
  )
}
