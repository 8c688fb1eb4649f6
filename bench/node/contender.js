/** An inference contender in a separate process. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { commandsOf } from '../lib/commands.js'
import { modelsFolder } from '../models/folder.js'
import { answerMessages } from './answer.js'

answerMessages(
  commandsOf({
    read: async (file) => new Uint8Array(await readFile(new URL(file, modelsFolder))),
    asset: (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url)),
    kinglet: () => import('../../dist/run.js'),
  }),
)
