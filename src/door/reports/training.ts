/** Makes the data of a report page from a training run. */

import type { Dataset } from '../../data/index.ts'
import type { CostRow, Picture, ReportData } from '../../report/index.ts'
import { count, duration, percent, short } from '../../report/index.ts'
import type { Evaluation } from '../../train/index.ts'
import type { Costs } from '../costs.ts'
import { showShape } from '../costs.ts'
import type { Sample } from './samples.ts'

/** The results of one epoch, for the curves. */
export interface EpochRecord {
  readonly epoch: number
  /** Means over the epoch's steps. */
  readonly loss: number
  readonly accuracy: number
  readonly validation?: { readonly loss: number; readonly top1: number }
}

export interface TrainingReport {
  readonly title: string
  readonly subtitle: string
  /** Name of the images of `evaluation`: `test`, `validation`. */
  readonly part: string
  readonly epochs: readonly EpochRecord[]
  readonly seconds: number
  readonly evaluation: Evaluation
  readonly costs: Costs
  readonly comparison?: ReportData['comparison']
  readonly notes: readonly string[]
  readonly data: Dataset
  readonly samples: readonly Sample[]
  /** Returns the URL of an image of `data`, such as a `data:` URL. */
  readonly pictureOf: (data: Dataset, index: number) => Promise<string>
  readonly provenance: ReportData['provenance']
}

const curves = ({ epochs, part }: TrainingReport): ReportData['curves'] => {
  const line = (name: string, of: (e: EpochRecord) => number | undefined) => ({
    name,
    points: epochs.flatMap((e): [number, number][] => {
      const y = of(e)
      return y === undefined ? [] : [[e.epoch, y]]
    }),
  })
  const both = (training: (e: EpochRecord) => number, held: (e: EpochRecord) => number | undefined) =>
    [line('training', training), line(part, held)].filter((s) => s.points.length > 0)
  return [
    {
      title: 'Loss',
      xTitle: 'epoch',
      format: (y) => y.toFixed(2),
      series: both(
        (e) => e.loss,
        (e) => e.validation?.loss,
      ),
    },
    {
      title: 'Accuracy',
      xTitle: 'epoch',
      format: (y) => percent(y, 0),
      series: both(
        (e) => e.accuracy,
        (e) => e.validation?.top1,
      ),
    },
  ]
}

const layersOf = ({ analysis }: Costs): CostRow[] =>
  analysis.layers
    .filter((layer) => layer.parameters + layer.macs > 0)
    .map(({ name, kind, kernel, outputShape, parameters, macs }) => ({
      layer: name,
      kind: kernel ? `${kind} ${kernel.join('x')}` : kind,
      output: showShape(outputShape.slice(1)),
      parameters,
      macs,
    }))

/** Makes the report data. Reads the sample images again from the set. */
export async function trainingReport(run: TrainingReport): Promise<ReportData> {
  const { evaluation, costs, samples, data, comparison, pictureOf } = run
  const { parameters, macs } = costs.analysis.total
  const pictures: Picture[] = []
  for (const { index, truth, answers } of samples) pictures.push({ url: await pictureOf(data, index), truth, answers })
  return {
    title: run.title,
    subtitle: run.subtitle,
    figures: [
      [percent(evaluation.top1), `top-1 on ${count(evaluation.count)} ${run.part} images`],
      ...(evaluation.perClass.length > 5 ? [[percent(evaluation.top5), 'top-5'] as const] : []),
      [short(parameters), 'parameters'],
      [short(macs), 'multiply-adds an image'],
      [duration(run.seconds), 'training time'],
    ],
    curves: curves(run),
    part: run.part,
    classes: evaluation.perClass.map((c) => c.label),
    confusion: evaluation.confusion,
    layers: layersOf(costs),
    ...(comparison && { comparison }),
    notes: run.notes,
    pictures,
    provenance: run.provenance,
  }
}
