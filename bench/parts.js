/**
 * The parts of a benchmark. Each part measures one thing and returns its entry of the results. `skipped` gives the
 * reason why it could not run, and the remedy.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startInferenceBefore } from './lib/before.js'
import { contendersOf, timeInference } from './lib/inference.js'
import { measureSizes } from './lib/size.js'
import { timeStep } from './lib/step.js'
import { cases, findPython, timeTraining } from './lib/training.js'
import { writeNetwork } from './models/files.js'
import { networks } from './models/networks.js'
import { startNode } from './node/process.js'
import { chromiumVersion, starterOf } from './page/browser.js'
import { openSite } from './page/site.js'

const fileOf = (path) => fileURLToPath(new URL(path, import.meta.url))
const chromium = [process.env.KINGLET_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path && existsSync(path),
)
const withoutChromium = { skipped: 'no Chromium: apt-get install chromium (or set KINGLET_CHROMIUM to its path)' }

/**
 * @typedef {object} Plan
 * @property {string[]} networks short names
 * @property {number} rounds
 * @property {string} [before] another checkout, compared instead of the other runtimes
 * @property {(text: string) => void} say
 */

/** Benchmarks each network: `runs` runs in each round, and `starts` timed first answers of each contender. */
async function inference(host, start, { networks, rounds, before, say }) {
  const plan = { warmup: 10, rounds, runs: 5, starts: 3, say: (text) => say(`${host}, ${text}`) }
  const timed = []
  for (const name of networks) {
    writeNetwork(name)
    const chosen = before === undefined ? undefined : ['kinglet', 'before']
    timed.push(await timeInference(name, contendersOf(host, chosen), start, plan))
  }
  return { networks: timed }
}

/** The parts, in the order in which they run. @type {Record<string, (plan: Plan) => Promise<object>>} */
export const parts = {
  node(plan) {
    const start = (options) =>
      options.runtime === 'before'
        ? startInferenceBefore(plan.before, options)
        : startNode(fileOf('node/contender.js'), options)
    return inference('node', start, plan)
  },

  async chromium(plan) {
    if (!chromium) return withoutChromium
    const site = await openSite()
    try {
      const timed = await inference('chromium', starterOf(chromium, site.address), plan)
      return { version: await chromiumVersion(chromium), ...timed }
    } finally {
      site.close()
    }
  },

  async training({ rounds, before, say }) {
    const plan = { warmup: 2, rounds, runs: 4, before, python: before === undefined ? findPython() : undefined, say }
    const timed = []
    for (const item of cases) timed.push(await timeTraining(item, plan))
    return { cases: timed }
  },

  /** Each kernel compared with the machine's limits, measured by the user's command. */
  async layers({ networks: names, rounds, say }) {
    say('layers: each kernel of each network, one thread')
    const models = names.map((name) => networks[name].model)
    const args = [fileOf('../bin/kinglet.js'), 'bench', ...models, '--layers', '--json', '--rounds', String(4 * rounds)]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
    if (status !== 0) throw new Error(`kinglet bench --layers ended with exit code ${status}: ${stderr}`)
    return { networks: JSON.parse(stdout) }
  },

  step: timeStep,

  async size({ say }) {
    say('size: what a page loads')
    if (!chromium) return withoutChromium
    writeNetwork('v3s')
    return measureSizes(chromium)
  },
}
