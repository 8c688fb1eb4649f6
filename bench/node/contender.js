/** One contender in a process of its own: answers the parent's messages. `end` tells what the process needed. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { commandsOf } from '../lib/commands.js'
import { modelsFolder } from '../models/folder.js'

const commands = {
  ...commandsOf({
    read: async (file) => new Uint8Array(await readFile(new URL(file, modelsFolder))),
    asset: (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url)),
    kinglet: () => import('../../dist/index.js'),
  }),
  end: async () => ({ peakBytes: process.resourceUsage().maxRSS * 1024 }),
}

const answer = async (command, options) => {
  try {
    return { ok: await commands[command](options) }
  } catch (error) {
    return { error: error?.stack ?? String(error) }
  }
}

process.on('message', async ({ command, ...options }) => {
  process.send(await answer(command, options), () => {
    if (command === 'end') process.exit(0)
  })
})
