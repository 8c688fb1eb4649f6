/**
 * Your own search space in place of Kinglet's: ResNet-18 with other widths, with or without squeeze-and-excitation, and
 * training options. The function `networkOf` gives a point its meaning. Algorithm, evaluation and study take the space
 * like any other.
 */
import { arrays } from 'kinglet/data'
import { build } from 'kinglet/models'
import {
  algorithmOf,
  countPoints,
  defineSpace,
  describeSpace,
  memoryStore,
  type Point,
  runStudy,
  studyOf,
  trainingEvaluation,
  trainingOf,
} from 'kinglet/search'
import { wasmEngine } from 'kinglet/wasm'

const space = defineSpace(
  'resnets',
  {
    width: { kind: 'categorical', values: [0.05, 0.1, 0.15], ordered: true },
    se: { kind: 'categorical', values: ['none', 'all'] },
    seRatio: { kind: 'categorical', values: [2, 4], when: { se: ['all'] } },
    learningRate: { kind: 'real', low: 0.001, high: 0.02, log: true },
  },
  [{ says: 'the widest has no squeeze-and-excitation', holds: ({ width, se }) => width !== 0.15 || se === 'none' }],
)
console.log(describeSpace(space).join('\n'))

const networkOf = ({ width, se, seRatio = 4 }: Point, seed: number) =>
  build('resnet18', {
    ...{ width: Number(width), se: se as 'none' | 'all', seRatio: Number(seRatio), seed },
    ...{ size: 16, reduction: 4, classes: 2 },
  })

// Two classes of 8 images: bright in the upper half, and bright in the lower half.
const pixels = new Uint8Array(16 * 256).map((_, i) => (i % 256 < 128 === i < 8 * 256 ? 200 : 40) + (i % 7))
const labels = Array.from({ length: 16 }, (_, i) => Number(i >= 8))
const set = arrays({ width: 16, height: 16, channels: 1, pixels, labels, classes: ['above', 'below'] })

const parts = {
  space,
  algorithm: algorithmOf('random'),
  evaluator: trainingEvaluation({
    ...{ networkOf, trainingOf, data: { train: set, val: set } },
    ...{ engine: wasmEngine({ threads: 1 }), epochs: 2 },
  }),
}
const store = memoryStore(studyOf({ name: 'resnets', trials: 3, ...parts }))
const trials = await runStudy({ store, ...parts })
for (const { point, values } of trials) console.log(JSON.stringify(point), values)
Number.isFinite(countPoints(space)) // => false
trials.every((trial) => trial.state === 'complete') // => true
trials.some(({ point }) => point.width === 0.15 && point.se === 'all') // => false
