/** Report data that uses every member, with names that must be escaped. */
import type { ReportData } from '../../src/report/page.ts'

const classes = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
]
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=='

export const reportData: ReportData = {
  title: 'A <small> network & "friends"',
  subtitle: 'mobilenet_v3_small, width 0.5',
  figures: [
    ['88.2 %', 'top-1 on 2,000 test images'],
    ['99.1 %', 'top-3'],
    ['0.31 M', 'parameters'],
    ['1:52', 'training time'],
  ],
  curves: [
    {
      title: 'Loss',
      xTitle: 'epoch',
      format: (y) => y.toFixed(2),
      series: [
        { name: 'training', points: [1, 2, 3, 4, 5].map((e) => [e, 1.9 / e] as const) },
        { name: 'test', points: [1, 2, 3, 4, 5].map((e) => [e, 0.3 + 1.4 / e] as const) },
      ],
    },
    {
      title: 'Accuracy',
      xTitle: 'epoch',
      format: (y) => `${Math.round(100 * y)} %`,
      series: [{ name: 'test', points: [1, 2, 3, 4, 5].map((e) => [e, 0.9 - 0.4 / e] as const) }],
    },
  ],
  part: 'test',
  classes,
  confusion: classes.map((_, i) => classes.map((_, j) => (i === j ? 180 - 7 * i : (i * 3 + j) % 5))),
  layers: [
    { layer: 'stem', kind: 'conv 3x3', output: '28x28x16', parameters: 176, macs: 112_896 },
    { layer: 'blocks.0.depthwise', kind: 'depthwise 3x3', output: '28x28x16', parameters: 176, macs: 112_896 },
    { layer: 'blocks.0.project', kind: 'conv 1x1', output: '28x28x16', parameters: 288, macs: 200_704 },
  ],
  comparison: [
    { name: 'this network', parameters: 640, macs: 426_496, latencyMs: 0.21 },
    { name: 'its standard twin', parameters: 2_480, macs: 1_919_232, latencyMs: 0.68 },
  ],
  notes: ['A depthwise separable convolution costs 1/N + 1/K\u00b2 of a standard one.'],
  pictures: classes.map((truth, i) => ({
    url: pixel,
    truth,
    answers: [
      { label: i === 6 ? 'T-shirt/top' : truth, score: 0.8 },
      { label: 'Coat', score: 0.1 },
      { label: 'Bag', score: 0.05 },
    ],
  })),
  provenance: [
    ['command', 'npm start'],
    ['seed', '1'],
  ],
}
