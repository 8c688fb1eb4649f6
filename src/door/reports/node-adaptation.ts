/** From a run of `kinglet adapt` to its report page. */
import { basename, resolve } from 'node:path'
import type { AdaptCommandOptions } from '../../cli/index.ts'
import { labelOf, shrunkText } from '../../cli/index.ts'
import { version } from '../../core/index.ts'
import type { Model } from '../../models/index.ts'
import { type AdaptPoint, groupsOf } from '../../prune/index.ts'
import { count, curvePage, percent, short } from '../../report/index.ts'
import { showBudget, showResource } from '../../search/node.ts'

/** What came of a run. */
export interface Adapted {
  readonly points: readonly AdaptPoint[]
  /** Before, and after the fine-tuning at the end: top-1 on the validation images. */
  readonly before: number
  readonly after: number
  /** Number of validation images. */
  readonly images: number
}

/** The page; `path` is the file of the network that was given. */
export function adaptationPage(
  path: string,
  before: Model,
  after: Model,
  { points, ...adapted }: Adapted,
  { budget, data, proposals, selection, pace, steps, epochs, seed }: AdaptCommandOptions,
): string {
  const last = points[points.length - 1]
  const now = new Map(groupsOf(after).map((group) => [group.name, group.count]))
  return curvePage({
    title: `${basename(path)}: ${showBudget(budget)}`,
    subtitle: labelOf(before),
    figures: [
      [showResource(budget.resource, last.resource), `of ${showResource(budget.resource, points[0].resource)}`],
      [percent(adapted.after), `top-1 on ${count(adapted.images)} validation images`],
      [percent(adapted.before), 'before'],
      [short(last.parameters), 'parameters'],
      [short(last.macs), 'multiply-adds an image'],
    ],
    resource: { name: budget.resource, show: (value) => showResource(budget.resource, value) },
    steps: points.map((point) => ({ ...point, what: shrunkText(point) })),
    final: { resource: last.resource, accuracy: adapted.after, part: 'validation' },
    groups: groupsOf(before).map(({ name, count }) => ({ name, before: count, after: now.get(name)! })),
    provenance: [
      ['made by', `Kinglet ${version}, kinglet adapt`],
      ['when', new Date().toISOString()],
      ['data', resolve(data)],
      ['run', `proposals ${proposals}, selection ${selection}, pace ${pace}`],
      ['fine-tuning', `${steps} steps for each proposal, ${epochs} epochs at the end, seed ${seed}`],
    ],
  })
}
