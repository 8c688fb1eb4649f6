import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { openStudy } from '../../../src/search/study/folder/node-store.ts'
import type { StudyRecord } from '../../../src/search/study/history.ts'
import { LogStore } from '../../../src/search/study/log-store.ts'
import { MemoryLog } from '../../../src/search/study/memory.ts'
import { bundleChild, kill, started } from './children.ts'
import { type Place, storeContract } from './store-contract.ts'

const top = mkdtempSync(join(tmpdir(), 'kinglet-store-'))
afterAll(() => rmSync(top, { recursive: true, force: true }))
beforeAll(bundleChild)

let places = 0

storeContract(
  'a study in a folder',
  async (): Promise<Place> => {
    const folder = join(top, String(places++))
    return {
      open: async (study) => openStudy(folder, study),
      async beginAndDie(number) {
        const child = started(folder, 'hold', String(number))
        await child.said('held')
        await kill(child)
      },
    }
  },
  { deaths: true, places: true },
)

storeContract(
  'a study in memory',
  async () => {
    const records: StudyRecord[] = []
    let stores = 0
    return {
      async open(study) {
        if (study) records.push({ kind: 'study', format: 1, study })
        return new LogStore(new MemoryLog(records), `store ${stores++}`)
      },
    }
  },
  { deaths: false, places: false },
)
