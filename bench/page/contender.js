/** A contender in a separate page, opened when the page loads. The benchmark calls `ask` from outside. */
import { commandsOf } from '../lib/commands.js'

const commands = commandsOf({
  read: async (file) => new Uint8Array(await (await fetch(`/models/${file}`)).arrayBuffer()),
  asset: (path) => `/packages/${path}`,
  kinglet: () => import('/kinglet/run.js'),
})

const { runtime, name, threads } = Object.fromEntries(new URLSearchParams(location.search))
globalThis.ask = (command, options) => commands[command](options)
globalThis.first = commands
  .open({ runtime, name, threads: Number(threads) })
  .then((first) => ({ ...first, fromLoadMs: performance.now() }))
