/** Makes the report page of a NetAdapt run. */
import { type Budget, showBudget, showResource } from '../../latency/index.ts'
import type { Network } from '../../nn/index.ts'
import { type AdaptPoint, groupsOf } from '../../prune/index.ts'
import { count, curvePage, percent, short } from '../../report/index.ts'
import { labelOf } from '../networks.ts'

/** The result of a run. */
export interface Adapted {
  readonly points: readonly AdaptPoint[]
  /** Top-1 of the given network on the validation images. */
  readonly before: number
  /** Top-1 of the last network on the validation images, after the final fine-tuning. */
  readonly after: number
  /** Number of validation images. */
  readonly images: number
}

export interface AdaptationReport extends Adapted {
  /** Name of the given network, such as its file. */
  readonly name: string
  readonly budget: Budget
  /** The given network and the last one. */
  readonly given: Network
  readonly last: Network
  readonly provenance: readonly (readonly [string, string])[]
}

/** `blocks.3.exp 96 to 88` */
export const shrunkText = ({ shrunk }: AdaptPoint): string =>
  shrunk ? `${shrunk.group} ${shrunk.from} to ${shrunk.to}` : 'as it was'

/** Returns the whole page. All text in it is escaped. */
export function adaptationPage(report: AdaptationReport): string {
  const { name, budget, given, last: adapted, points, before, after, images, provenance } = report
  const last = points[points.length - 1]
  const now = new Map(groupsOf(adapted).map((group) => [group.name, group.count]))
  return curvePage({
    title: `${name}: ${showBudget(budget)}`,
    subtitle: labelOf(given),
    figures: [
      [showResource(budget.resource, last.resource), `of ${showResource(budget.resource, points[0].resource)}`],
      [percent(after), `top-1 on ${count(images)} validation images`],
      [percent(before), 'before'],
      [short(last.parameters), 'parameters'],
      [short(last.macs), 'multiply-adds an image'],
    ],
    resource: { name: budget.resource, show: (value) => showResource(budget.resource, value) },
    steps: points.map((point) => ({ ...point, what: shrunkText(point) })),
    final: { resource: last.resource, accuracy: after, part: 'validation' },
    groups: groupsOf(given).map(({ name, count }) => ({ name, before: count, after: now.get(name)! })),
    provenance,
  })
}
