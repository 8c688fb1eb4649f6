/** `node bench/node.js`: inference in Node. Options: --networks v1,v2 --runtimes kinglet,tfjs --rounds 8 --runs 5 --starts 3 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { contendersOf, timeInference } from './lib/inference.js'
import { inferenceTable } from './lib/tables.js'
import { writeNetwork } from './models/files.js'
import { networks } from './models/networks.js'
import { startNode } from './node/process.js'

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: Object.keys(networks).join() },
    runtimes: { type: 'string' },
    rounds: { type: 'string', default: '8' },
    runs: { type: 'string', default: '5' },
    starts: { type: 'string', default: '3' },
  },
})
const plan = { rounds: Number(values.rounds), runs: Number(values.runs), starts: Number(values.starts) }
const contender = fileURLToPath(new URL('node/contender.js', import.meta.url))
const startContender = (options) => startNode(contender, options)
const results = []
for (const name of values.networks.split(',')) {
  writeNetwork(name)
  const timed = await timeInference(name, contendersOf('node', values.runtimes?.split(',')), startContender, plan)
  console.log(`${inferenceTable(timed)}\n`)
  results.push(timed)
}
