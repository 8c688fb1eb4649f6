/** The platform of a page: its reader, and model files as downloads. */
import { after, UsageError } from '../../core/index.ts'
import type { Platform } from '../platform.ts'
import { pageReader } from './reader.ts'

export const pagePlatform: Platform = {
  ...pageReader,
  write(to, bytes) {
    if (typeof document === 'undefined')
      throw new UsageError(`save: a worker cannot offer ${to} as a download: send toBytes() to its page`)
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
    link.download = String(to)
    link.click()
    // The browser reads the bytes right after the click. A slow browser gets a minute.
    after(60_000, () => URL.revokeObjectURL(link.href))
  },
  async open(folder) {
    throw new UsageError(`${folder}: a page cannot open a folder: give a dataset (arrays makes one)`)
  },
  pool: () => undefined,
}
