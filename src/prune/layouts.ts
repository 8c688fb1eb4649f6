/**
 * Records which channels lie along which axes of a graph's values while a walk visits the graph. Channels that turn out to
 * be the same are joined. Channels that must all be kept are fixed.
 */
import { isParameter, type Value } from '../ops/index.ts'

/**
 * One axis of a parameter along which channels lie. Channel c is at `from + k * period + c`, for k from 0 to `times` - 1.
 * Defaults: `from` 0, `times` 1, so that channel c is at c.
 */
export interface Slice {
  readonly tensor: string
  readonly axis: number
  readonly from?: number
  readonly period?: number
  readonly times?: number
}

/** The channels of one group, or of a part of one that was joined to another line. */
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
    let root: Line = this
    while (root.#joined) root = root.#joined
    // Later searches take one step.
    if (this !== root) this.#joined = root
    return root
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

/** An end of a link, with the value that has the axis. */
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

/** Joins the lines of two layouts of the same channels. If the two are divided differently, it fixes all of them. */
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

/** A layout repeated `times` times along an axis, from `from` on; undefined where a repeated run would repeat again. */
const placed = (layout: Layout, length: number, { from = 0, times = 1 }: End): Layout | undefined =>
  times > 1 && layout.some((run) => run.times > 1)
    ? undefined
    : layout.map((run) => ({
        ...run,
        from: run.from + from,
        ...(times > 1 && { times, period: length / times }),
      }))

/** The inverse of `placed` for `times`: one copy of a layout that is repeated `times` times; undefined where it is not. */
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

  /** Fixes an axis whose entries must all be kept. A parameter's axis is recorded as fixed: other ops may read it too. */
  fix(value: Value, axis: number): void {
    if (isParameter(value)) this.#ofAxis(value, axis, true)
    else fix(this.#at(value, axis) ?? [])
  }

  /** Fixes all axes of a value. */
  fixAll(value: Value): void {
    for (const axis of value.shape.keys()) this.#ofAxis(value, axis, true)
  }

  /** The layout along an axis; a new line where none is known yet. */
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

  /** Takes the filters from the lines of `later` that `earlier` does not have. */
  demote(later: Value, earlier: Value): void {
    const linesOf = (value: Value) =>
      (this.#known.get(value) ?? []).flatMap((layout) => (layout ?? []).map(({ line }) => line.root))
    const kept = new Set(linesOf(earlier))
    for (const line of linesOf(later)) if (!kept.has(line)) line.filters = []
  }

  /**
   * Joins the ends of a link. An end without `input` is the result's; its layout follows from the others. `isMade`: the
   * op's weights make the channels, so the parameters among the ends are filters.
   */
  join(ends: readonly (End & { readonly input?: number })[], { isMade }: { readonly isMade: boolean }): void {
    const given = ends.filter(({ input }) => input !== undefined)
    const results = ends.filter(({ input }) => input === undefined)
    const isKnown = (end: End) => this.#at(end.value, end.axis) !== undefined
    // Windows and batches have no known channels and need none.
    if (!given.some((end) => isKnown(end) || isParameter(end.value))) return
    const known = given.filter((end) => isKnown(end) || !isParameter(end.value))
    const layouts = known.map((end) => this.#once(end))
    const whole = layouts.filter((layout) => layout !== undefined)
    const first = whole[0] ?? (known.length === 0 ? this.#once(given[0]) : undefined)
    if (!first) return
    for (const layout of whole) unify(first, layout)
    if (whole.length < known.length) fix(first)
    // Parameters that no op has read before.
    for (const end of given) if (!isKnown(end)) this.#place(first, end)
    if (isMade)
      for (const { value: parameter, axis } of given)
        if (isParameter(parameter)) for (const { line } of first) line.root.filters.push({ parameter, axis })
    for (const end of results) this.#place(first, end)
  }

  /** One copy of the layout that an end repeats. Where the axis is divided differently, fixes it and returns undefined. */
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

  /** The lines that are not fixed and have filters, with their slices of `parameters`, in the order of `parameters`. */
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
