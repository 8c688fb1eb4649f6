/** What `kinglet adapt` works on and shows: the resource that a budget names, and a run of NetAdapt as it goes. */
import { readFileSync } from 'node:fs'
import { UsageError } from '../../core/index.ts'
import { shrunkText } from '../../door/reports/index.ts'
import { lackingIn, latencyOf, namedTable, unitsOf } from '../../latency/index.ts'
import type { Model } from '../../models/index.ts'
import type { AdaptEvent, AdaptPoint, Resource } from '../../prune/index.ts'
import { percent } from '../../report/index.ts'
import { type Budget, type ResourceName, resourceOf, showResource } from '../../search/node.ts'
import { Progress } from '../terminal/progress.ts'
import type { Io } from '../terminal/terminal.ts'

/** These never rise when channels go; memory may, where the order of steps changes, and a measured latency. */
const monotone: readonly ResourceName[] = ['macs', 'parameters', 'modelBytes']

/** The resource of a budget for a network that is to be adapted: of a latency by the table in the file `path`. */
export function resourceOfBudget({ resource: name }: Budget, path: string | undefined, network: Model): Resource {
  if (name !== 'latencyMs') {
    if (path !== undefined)
      throw new UsageError(
        `--table: ${path} is a latency table, the budget is of ${name}: leave it out, or give latency=`,
      )
    return { name, value: (model) => resourceOf(model, name), monotone: monotone.includes(name) }
  }
  if (path === undefined)
    throw new UsageError('latency needs a table of the device: give one with --table, which kinglet measure writes')
  const { table, checksum } = namedTable(readFileSync(path, 'utf8'), path)
  // Throws, and says why, where the table has not even this network.
  latencyOf(table, network, path)
  return {
    name,
    source: checksum,
    value: (model) =>
      lackingIn(table, unitsOf(model)).length > 0 ? Number.POSITIVE_INFINITY : latencyOf(table, model, path),
  }
}

const pointLine = (point: AdaptPoint, { resource }: Budget): string =>
  [
    `step ${String(point.step).padStart(3)}`,
    showResource(resource, point.resource),
    `top-1 ${percent(point.accuracy)} of those held out`,
    shrunkText(point),
  ].join('  ')

/** Shows a run as it goes; returns its points and the last network. */
export async function follow(
  io: Io,
  events: AsyncIterable<AdaptEvent>,
  budget: Budget,
): Promise<{ readonly points: readonly AdaptPoint[]; readonly model: Model }> {
  const progress = new Progress(io)
  const points: AdaptPoint[] = []
  let model: Model | undefined
  const told = (point: AdaptPoint) => {
    points.push(point)
    progress.line(pointLine(point, budget))
  }
  try {
    for await (const event of events) {
      if (event.kind === 'begun') event.points.forEach(told)
      if (event.kind === 'step') told(event.point)
      if (event.kind === 'diverged')
        progress.line(`step ${String(event.step).padStart(3)}  ${event.proposal.group.name} is out: ${event.reason}`)
      if ('model' in event) model = event.model
      if (event.kind !== 'trying') continue
      const { step, at, of, proposal, training } = event
      progress.update({
        done: (at - 1) * training.steps + training.step,
        total: of * training.steps,
        title: `step ${step}  ${at}/${of}`,
        text: `${proposal.group.name} ${proposal.group.count} to ${proposal.count}  loss ${training.loss.toFixed(3)}`,
      })
    }
  } finally {
    progress.clear()
  }
  return { points, model: model! }
}
