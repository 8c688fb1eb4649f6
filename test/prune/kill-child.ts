/** A run of NetAdapt in the folder given as the first argument, for tests that kill it. It resumes a run in the folder. */
import { adapt } from '../../src/prune/index.ts'
import { openAdaptation } from '../../src/prune/node-folder.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { preprocessing, toySet } from '../train/toys.ts'
import { macs, shallow } from './make.ts'

const net = shallow()
const run = adapt(net, toySet(60), {
  engine: wasmEngine({ threads: 1 }),
  preprocessing,
  resource: macs,
  budget: 0.9 * macs.value(net),
  proposals: (groups) => groups.slice(2, 4),
  pace: { name: 'fixed', delta: 0.06 },
  steps: 2,
  holdout: 0.2,
  training: { batch: 6 },
  store: openAdaptation(process.argv[2], { checkpointSeconds: 0 }),
})
for await (const event of run) process.stdout.write(`${event.kind}\n`)
