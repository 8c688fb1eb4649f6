/**
 * Atomic writes: a reader, or the next start after a crash, finds the complete old file or the complete new one. The
 * bytes go to a temporary file beside it, are flushed to the disk, and only then get the name.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { KingletError } from '../../core/index.ts'

/** The way out, by the system's error code. */
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

/** The error for a file or folder that could not be written, with the system's code and the way out. */
export function writeError(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  const reason = code && wayOut[code]
  return reason ? new KingletError(`${path} could not be written (${code}): ${reason}`, { cause: error }) : error
}

/** Runs `work`, which writes `path`. Converts an error of the system to a `KingletError` that names the path. */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw writeError(path, error)
  }
}

/** Makes a folder and its parents. Throws a `KingletError` when that fails. */
export const makeFolder = (path: string): void => writing(path, () => void mkdirSync(path, { recursive: true }))

/** Writes all of `bytes`. A single write call may write only a part. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

/**
 * Replaces the file `path` atomically and durably. When this returns, the new bytes are on the disk. When it throws (a
 * full disk, a read-only folder), the old file is unchanged and no temporary file is left.
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

/** Flushes the new name to the disk. Windows has no such call for folders, and does not need one. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
