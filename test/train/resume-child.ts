/** Trains in the folder that the first argument names, for tests that kill it. Resumes if there is a checkpoint. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fit } from '../../src/train/index.ts'
import { openRun, runFiles } from '../../src/train/node.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { optionsFor, toyNet, toySet } from './toys.ts'

const folder = process.argv[2]
const resume = existsSync(join(folder, runFiles.checkpoint))
const store = openRun(folder, { resume, logEvery: 3, checkpointSeconds: 0 })
const options = optionsFor({
  engine: wasmEngine({ threads: 2 }),
  epochs: 6,
  ema: 0.95,
  clipNorm: 5,
  augmentation: 'light',
  store,
})
for await (const { step } of fit(toyNet(), { train: toySet(60), val: toySet(12, 2) }, options))
  process.stdout.write(`${step}\n`)
