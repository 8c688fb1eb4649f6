/** Columns of the kernel table that `kinglet bench --layers` prints. */
import { showShape } from '../../door/index.ts'
import type { LayerTime } from '../../door/reports/index.ts'
import { percent } from '../../report/index.ts'
import type { Column } from '../terminal/terminal.ts'

const ofArithmetic = (l: LayerTime, show: () => string): string => (l.macs > 0 ? show() : '')

export const layerColumns: readonly Column<LayerTime>[] = [
  { title: 'layer', cell: (l) => l.layer },
  { title: 'kernel', cell: (l) => l.kernel },
  { title: 'output', cell: (l) => showShape(l.output) },
  { title: 'ms', align: 'right', cell: (l) => l.timeMs.median.toFixed(3) },
  { title: 'share', align: 'right', cell: (l) => percent(l.share, 1) },
  { title: 'GFLOP/s', align: 'right', cell: (l) => ofArithmetic(l, () => l.gflops.toFixed(1)) },
  { title: 'of limit', align: 'right', cell: (l) => ofArithmetic(l, () => percent(l.shareOfLimit, 0)) },
  { title: 'GB/s', align: 'right', cell: (l) => l.gigabytesPerSecond.toFixed(1) },
  { title: 'copy GB/s', align: 'right', cell: (l) => l.copyGigabytesPerSecond.toFixed(1) },
  { title: 'floor', cell: (l) => l.boundBy },
  { title: 'x floor', align: 'right', cell: (l) => l.timesFloor.toFixed(2) },
]
