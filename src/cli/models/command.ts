/** `kinglet models`: lists the registered networks with their cost and their published accuracy. */
import { analyse } from '../../graph/index.ts'
import { build, type ModelInfo, models as registry } from '../../models/index.ts'
import { short } from '../../report/index.ts'
import { addJsonOption, type CommandDefinition } from '../terminal/options.ts'
import { type Column, paint, table } from '../terminal/terminal.ts'

const reportedAt = ({ reported, options }: ModelInfo) =>
  reported.find((r) => r.width === options.width && r.size === options.size[0])

const listed = () =>
  registry().map((info) => {
    const { parameters, macs } = analyse(build(info.name).graph()).total
    return { ...info, parameters, macs }
  })

const columns: readonly Column<ReturnType<typeof listed>[number]>[] = [
  { title: 'name', cell: (m) => m.name },
  { title: 'parameters', align: 'right', cell: (m) => short(m.parameters) },
  { title: 'MACs', align: 'right', cell: (m) => short(m.macs) },
  { title: 'top-1', align: 'right', cell: (m) => reportedAt(m)?.top1.toFixed(1) ?? '' },
  { title: 'source', cell: (m) => m.source },
]

export const modelsCommand: CommandDefinition = {
  name: 'models',
  describe: (command, io) =>
    addJsonOption(command)
      .description('List the available networks.')
      .addHelpText(
        'after',
        `
Parameters and multiply-adds are for 224 x 224 images, 1000 classes and the width of the table.
Top-1 is the accuracy on ImageNet in percent that a paper or its code reports. --json adds its
source, other widths and sizes, and a description of each network.

Example:
  kinglet models`,
      )
      .action((options: { json?: boolean }) => {
        const all = listed()
        if (options.json) {
          io.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`)
          return
        }
        const [titles, ...lines] = table(columns, all)
        io.stdout.write([paint(io, io.stdout, 'bold', titles), ...lines, ''].join('\n'))
      }),
}
