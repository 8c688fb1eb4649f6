/** The program of `npm run bench`, after installation and build: runs parts, writes results, tables and documents. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { root, say } from '../scripts/prepare.js'
import { assertCheckout } from './lib/before.js'
import { documentOf, newestResults, resultsFolder } from './lib/document.js'
import { load, machine, versions } from './lib/machine.js'
import { firstLine } from './lib/rounds.js'
import { withShares } from './lib/shares.js'
import { sectionOf } from './lib/tables.js'
import { networks } from './models/networks.js'
import { parts } from './parts.js'

const defaultRounds = 8
const help = `npm run bench -- [options]

Compares Kinglet with other runtimes on this machine. All parts take about ten minutes on a quiet machine.

  --parts <names>     of ${Object.keys(parts).join(', ')} (default: all)
  --networks <names>  of ${Object.keys(networks).join(', ')} (default: all)
  --before <folder>   compare with another built checkout of Kinglet instead (parts node and training)
  --rounds <n>        rounds through all contenders, each of several runs (default: ${defaultRounds})
  --help

A complete run (all networks, at least the default rounds) writes bench/results/<date>-<node version>.json and
docs/benchmarks.md. A later run on the same day replaces the parts that it measured. Other runs only print their results
and write bench/.cache/results.json.`

/** The names in a comma-separated option, or all. */
function chosen(option, text, all) {
  const names = text?.split(',') ?? all
  const wrong = names.find((name) => !all.includes(name))
  if (wrong !== undefined) throw new Error(`--${option}: there is no ${wrong}: use ${all.join(', ')}`)
  return names
}

function options(args) {
  const { values } = parseArgs({
    args,
    options: {
      ...{ parts: { type: 'string' }, networks: { type: 'string' }, rounds: { type: 'string' } },
      before: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  const rounds = Number(values.rounds ?? defaultRounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: ${values.rounds} is not a positive integer`)
  const all = Object.keys(networks)
  const own = chosen('networks', values.networks, all)
  const { before } = values
  if (before !== undefined) assertCheckout(before)
  return {
    parts: chosen(
      'parts',
      values.parts ?? (before && 'node,training'),
      before ? ['node', 'training'] : Object.keys(parts),
    ),
    plan: { networks: own, rounds, before, say },
    isWhole: own.length === all.length && rounds >= defaultRounds && before === undefined,
    help: values.help,
  }
}

/** Runs a part. Returns its results, its duration and the load of the machine. */
async function measure(name, plan) {
  const began = new Date()
  const loadBefore = load()
  const found = await parts[name](plan)
  const seconds = Math.round((Date.now() - began.getTime()) / 1000)
  return { began: began.toISOString(), seconds, loadBefore, loadAfter: load(), ...found }
}

/** The path of the results file, and the results of other parts in it. */
function target(isWhole, now) {
  const name = `${new Date().toISOString().slice(0, 10)}-node-${now.node}.json`
  const file = isWhole ? new URL(name, resultsFolder) : new URL('.cache/results.json', import.meta.url)
  const before = isWhole && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  return { path: fileURLToPath(file), earlier: before?.parts ?? {} }
}

/** Returns the exit code: 1 when a part failed. */
export async function main(args) {
  let asked
  try {
    asked = options(args)
  } catch (error) {
    console.error(`${error.message}\n\n${help}`)
    return 2
  }
  if (asked.help) {
    console.log(help)
    return 0
  }
  const began = Date.now()
  const results = {}
  let exitCode = 0
  for (const name of asked.parts)
    try {
      results[name] = await measure(name, asked.plan)
      console.log(`\n${sectionOf(name, results[name])}\n`)
    } catch (error) {
      say(`${name} failed: ${firstLine(error)}`)
      exitCode = 1
    }
  const now = versions()
  const { path, earlier } = target(asked.isWhole, now)
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
  const whole = { command, machine: machine(), versions: now, parts: { ...earlier, ...results } }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(whole)}\n`)
  say(`${Math.round((Date.now() - began) / 1000)} s; results: ${relative(root, path)}`)
  if (asked.isWhole) {
    const newest = newestResults()
    writeFileSync(new URL('../docs/benchmarks.md', import.meta.url), documentOf(newest))
    const performance = new URL('../docs/performance.md', import.meta.url)
    writeFileSync(performance, withShares(readFileSync(performance, 'utf8'), newest))
    say('written: docs/benchmarks.md and the tables of docs/performance.md')
  }
  return exitCode
}
