/** Shows the progress of a training run: a bar with loss, rate and time left, and a line for each epoch. */

import type { EpochRecord } from '../../door/reports/index.ts'
import { percent } from '../../report/index.ts'
import type { TrainStep } from '../../train/index.ts'
import { Progress } from '../terminal/progress.ts'
import type { Io } from '../terminal/terminal.ts'

const rate = (imagesPerSecond: number): string => `${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} images/s`

/** One line about an epoch; `part` names the validation images. */
function epochLine(
  { epoch, epochs, epochLoss, epochAccuracy, validation, imagesPerSecond }: TrainStep,
  part: string,
): string {
  const wide = String(epochs).length
  return [
    `epoch ${String(epoch).padStart(wide)}/${epochs}`,
    `loss ${epochLoss.toFixed(4)}`,
    `accuracy ${percent(epochAccuracy)}`,
    ...(validation ? [`${part} loss ${validation.loss.toFixed(4)}`, `top-1 ${percent(validation.top1)}`] : []),
    // A resumed run may only have to validate an epoch; it then has no training rate.
    ...(imagesPerSecond > 0 ? [rate(imagesPerSecond)] : []),
  ].join('  ')
}

/** Shows all `steps`; returns the results of each completed epoch, and the last step. */
export async function showTraining(
  io: Io,
  steps: AsyncIterable<TrainStep>,
  part: string,
): Promise<{ readonly epochs: EpochRecord[]; readonly last: TrainStep | undefined }> {
  const progress = new Progress(io)
  const epochs: EpochRecord[] = []
  let last: TrainStep | undefined
  try {
    for await (const step of steps) {
      last = step
      const { epoch, step: done, steps: total, epochLoss, epochAccuracy, imagesPerSecond, validation } = step
      if (done % (total / step.epochs) === 0) {
        epochs.push({ epoch, loss: epochLoss, accuracy: epochAccuracy, ...(validation && { validation }) })
        progress.line(epochLine(step, part))
      }
      progress.update({
        done,
        total,
        title: `epoch ${epoch}/${step.epochs}`,
        text: `loss ${epochLoss.toFixed(3)}  ${percent(epochAccuracy, 1)}  ${rate(imagesPerSecond)}`,
      })
    }
  } finally {
    progress.clear()
  }
  return { epochs, last }
}
