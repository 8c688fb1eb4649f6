/**
 * Writing files so that a reader, or the next start after a crash, finds the old file or the new one, whole: the bytes
 * go to a file beside it, reach the disk, and only then take the name.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { KingletError } from '../../core/index.ts'

/** What a person can do about it, by the system's code. */
const wayOut: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room, or choose another folder',
  EDQUOT: 'your quota is used up: make room, or choose another folder',
  EROFS: 'it is on a read-only file system: choose another folder',
  EACCES: 'you may not write there: choose another folder, or change its permissions',
  EPERM: 'you may not write there: choose another folder, or change its permissions',
  ENOENT: 'its folder does not exist: make it, or choose another',
  ENOTDIR: 'its folder is a file: choose another folder',
  EISDIR: 'a folder has that name: choose another',
  EEXIST: 'a file has that name: choose another folder',
  EFBIG: 'it is too large for that file system: choose another folder',
}

/** The error for a file or folder that could not be written, with the system's reason and the way out. */
export function writeError(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  const reason = code && wayOut[code]
  return reason ? new KingletError(`${path} could not be written (${code}): ${reason}`, { cause: error }) : error
}

/** Runs `work`, which writes `path`; what the system refuses becomes a `KingletError` that names it. */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw writeError(path, error)
  }
}

/** Makes a folder, and those above it. Throws a `KingletError` where that cannot be. */
export const makeFolder = (path: string): void => writing(path, () => void mkdirSync(path, { recursive: true }))

/** Writes all of `bytes`: one call of the system may take a part only. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

/**
 * Replaces the file `path`, in one move and for good: when this returns, the new bytes are on the disk; when it throws
 * (a full disk, a folder that cannot be written), the old file is as it was and nothing is left beside it.
 */
export function writeFileAtomic(path: string, bytes: Uint8Array): void {
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  writing(path, () => {
    try {
      const file = openSync(aside, 'w')
      try {
        writeAll(file, bytes)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(aside, path)
    } catch (error) {
      rmSync(aside, { force: true })
      throw error
    }
    syncFolder(dirname(path))
  })
}

/** The new name reaches the disk too. Windows has no such call for folders, and does not need it. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
