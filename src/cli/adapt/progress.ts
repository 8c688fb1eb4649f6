/** Shows the progress of a NetAdapt run. */
import { shrunkText } from '../../door/reports/index.ts'
import { type Budget, showResource } from '../../latency/index.ts'
import type { Network } from '../../nn/index.ts'
import type { AdaptEvent, AdaptPoint } from '../../prune/index.ts'
import { percent } from '../../report/index.ts'
import { Progress } from '../terminal/progress.ts'
import type { Io } from '../terminal/terminal.ts'

const pointLine = (point: AdaptPoint, { resource }: Budget): string =>
  [
    `step ${String(point.step).padStart(3)}`,
    showResource(resource, point.resource),
    `top-1 ${percent(point.accuracy)} of those held out`,
    shrunkText(point),
  ].join('  ')

/** Shows the events of a run; returns its points and the last network. */
export async function showAdaptation(
  io: Io,
  events: AsyncIterable<AdaptEvent>,
  budget: Budget,
): Promise<{ readonly points: readonly AdaptPoint[]; readonly model: Network }> {
  const progress = new Progress(io)
  const points: AdaptPoint[] = []
  let model: Network | undefined
  const show = (point: AdaptPoint) => {
    points.push(point)
    progress.line(pointLine(point, budget))
  }
  try {
    for await (const event of events) {
      if (event.kind === 'begun') event.points.forEach(show)
      if (event.kind === 'step') show(event.point)
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
