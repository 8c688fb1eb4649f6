/**
 * Which channels lie along which axes of a graph's values, as far as a walk through it has come. Channels that turn out
 * to be the same are joined; those that something needs whole are fixed.
 */
import { isParameter, type Value } from '../ops/index.ts'

/**
 * One axis of a parameter along which channels lie. Channel c is at `from + k * period + c`, for k from 0 to `times` - 1;
 * left out, it is at c.
 */
export interface Slice {
  readonly tensor: string
  readonly axis: number
  readonly from?: number
  readonly period?: number
  readonly times?: number
}

/** Channels that are one group, or come to be part of another's. */
class Line {
  readonly count: number
  isFixed = false
  /** Axes of parameters whose entries make the channels. */
  filters: { readonly parameter: Value; readonly axis: number }[] = []
  #joined: Line | undefined

  constructor(count: number) {
    this.count = count
  }

  get root(): Line {
    return this.#joined ? this.#joined.root : this
  }

  join(other: Line): void {
    const [a, b] = [this.root, other.root]
    if (a === b) return
    b.#joined = a
    a.isFixed ||= b.isFixed
    a.filters = [...a.filters, ...b.filters]
  }
}

/** Channel c of a line is at `from + k * period + c` for k below `times`. */
interface Run {
  readonly line: Line
  readonly from: number
  readonly period: number
  readonly times: number
}
/** Runs along an axis, in order of `from`. */
type Layout = readonly Run[]

/** An end of a link, with the value whose axis it is. */
export interface End {
  readonly value: Value
  readonly axis: number
  readonly from?: number
  readonly times?: number
}

const whole = (line: Line): Layout => [{ line, from: 0, period: line.count, times: 1 }]

function fix(layout: Layout): void {
  for (const { line } of layout) line.root.isFixed = true
}

/** The same channels in two places. Where they are cut differently there, none of them can go. */
function unify(a: Layout, b: Layout): void {
  const isAlike =
    a.length === b.length &&
    a.every(({ line, from, times }, i) => {
      const other = b[i]
      return line.count === other.line.count && from === other.from && times === other.times
    })
  if (isAlike) for (const [i, { line }] of a.entries()) line.join(b[i].line)
  else for (const layout of [a, b]) fix(layout)
}

/** A layout `times` times one after the other, along an axis from `from` on. */
const placed = (layout: Layout, length: number, { from = 0, times = 1 }: End): Layout | undefined =>
  times > 1 && layout.some((run) => run.times > 1)
    ? undefined
    : layout.map((run) => ({
        ...run,
        from: run.from + from,
        ...(times > 1 && { times, period: length / times }),
      }))

/** What of an axis a link is of: a layout that follows itself `times` times, once. */
function unplaced(layout: Layout, length: number, { times = 1 }: End): Layout | undefined {
  if (times === 1) return layout
  const isRepeated = layout.every((run) => run.times === times && run.period === length / times)
  return isRepeated ? layout.map((run) => ({ ...run, times: 1, period: run.line.count })) : undefined
}

export class Layouts {
  readonly #known = new Map<Value, (Layout | undefined)[]>()

  #at(value: Value, axis: number): Layout | undefined {
    return this.#known.get(value)?.[axis]
  }

  #set(value: Value, axis: number, layout: Layout): void {
    const own = this.#known.get(value) ?? []
    own[axis] = [...(own[axis] ?? []), ...layout]
    this.#known.set(value, own)
  }

  /** An axis whose entries something needs whole. Of parameters it is kept in mind: others may read them too. */
  fix(value: Value, axis: number): void {
    if (isParameter(value)) this.#ofAxis(value, axis, true)
    else fix(this.#at(value, axis) ?? [])
  }

  /** All axes of a value hold what must stay. */
  fixAll(value: Value): void {
    for (const axis of value.shape.keys()) this.#ofAxis(value, axis, true)
  }

  /** The layout along an axis; a new line where nothing is known yet. */
  #ofAxis(value: Value, axis: number, isFixed: boolean): Layout {
    const known = this.#at(value, axis)
    if (known) {
      if (isFixed) fix(known)
      return known
    }
    const line = new Line(value.shape[axis])
    line.isFixed = isFixed
    this.#set(value, axis, whole(line))
    return whole(line)
  }

  /** Lines of `later` that `earlier` does not have are not made by their filters. */
  demote(later: Value, earlier: Value): void {
    const linesOf = (value: Value) =>
      (this.#known.get(value) ?? []).flatMap((layout) => (layout ?? []).map(({ line }) => line.root))
    const kept = new Set(linesOf(earlier))
    for (const line of linesOf(later)) if (!kept.has(line)) line.filters = []
  }

  /**
   * Joins the ends of a link. The last is the result's, if it takes part: its layout follows from the others. `isMade`:
   * weights make the result's channels from others.
   */
  join(ends: readonly (End & { readonly input?: number })[], { isMade }: { readonly isMade: boolean }): void {
    const given = ends.filter(({ input }) => input !== undefined)
    const results = ends.filter(({ input }) => input === undefined)
    const isKnown = (end: End) => this.#at(end.value, end.axis) !== undefined
    // Windows and batches: nothing is known of them, and nothing has to be.
    if (!given.some((end) => isKnown(end) || isParameter(end.value))) return
    const known = given.filter((end) => isKnown(end) || !isParameter(end.value))
    const layouts = known.map((end) => this.#once(end))
    const whole = layouts.filter((layout) => layout !== undefined)
    const first = whole[0] ?? (known.length === 0 ? this.#once(given[0]) : undefined)
    if (!first) return
    for (const layout of whole) unify(first, layout)
    if (whole.length < known.length) fix(first)
    // Parameters that nothing has read before.
    for (const end of given) if (!isKnown(end)) this.#place(first, end)
    if (isMade)
      for (const { value: parameter, axis } of given)
        if (isParameter(parameter)) for (const { line } of first) line.root.filters.push({ parameter, axis })
    for (const end of results) this.#place(first, end)
  }

  /** What an end is of, once where it follows itself; undefined, and fixed, where its axis is cut in another way. */
  #once(end: End): Layout | undefined {
    const { value, axis } = end
    const layout = this.#ofAxis(value, axis, !isParameter(value) && this.#at(value, axis) === undefined)
    const once = unplaced(layout, value.shape[axis], end)
    if (!once) fix(layout)
    return once
  }

  #place(layout: Layout, end: End): void {
    const own = placed(layout, end.value.shape[end.axis], end)
    if (own) this.#set(end.value, end.axis, own)
    else for (const other of [layout, this.#ofAxis(end.value, end.axis, true)]) fix(other)
  }

  /** Lines that are not fixed and have filters, with their slices of `parameters`, in the order of these. */
  groups(parameters: readonly Value[]) {
    const slices = new Map<Line, Slice[]>()
    for (const parameter of parameters)
      for (const [axis, layout] of (this.#known.get(parameter) ?? []).entries())
        for (const run of layout ?? []) {
          const { root } = run.line
          slices.set(root, [...(slices.get(root) ?? []), sliceOf(parameter, axis, run)])
        }
    const order = new Map(parameters.map((parameter, i) => [parameter, i]))
    const groups = [...slices].flatMap(([line, own]) => {
      const isFilter = ({ tensor, axis }: Slice) =>
        line.filters.some(({ parameter, axis: other }) => parameter.attrs.name === tensor && axis === other)
      const filters = own.filter(isFilter)
      if (line.isFixed || filters.length === 0) return []
      const first = Math.min(...line.filters.map(({ parameter }) => order.get(parameter)!))
      return [{ count: line.count, slices: own, filters, first }]
    })
    return groups.sort((a, b) => a.first - b.first)
  }
}

function sliceOf(parameter: Value, axis: number, { from, period, times }: Run): Slice {
  return {
    ...{ tensor: parameter.attrs.name as string, axis },
    ...(from > 0 && { from }),
    ...(times > 1 && { period, times }),
  }
}
