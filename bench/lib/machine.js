/** The machine and the versions of a benchmark. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8')

/** The machine of this process. */
export const machine = () => ({
  processor: cpus()[0].model.trim(),
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  system: `${type()} ${release()} ${arch()}`,
})

const peers = ['@litertjs/core', '@tensorflow/tfjs', 'onnxruntime-web', 'onnxruntime-node']

/** Versions of Kinglet (with its commit), of Node and of the compared packages. */
export function versions() {
  const git = (...args) =>
    spawnSync('git', args, { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' })
  const commit = git('rev-parse', '--short', 'HEAD')
  const changed = git('status', '--porcelain', '--', '../src')
  return {
    kinglet: JSON.parse(read('../../package.json')).version,
    ...(commit.status === 0 && { commit: commit.stdout.trim() + (changed.stdout ? ', with changes' : '') }),
    node: process.versions.node,
    v8: process.versions.v8,
    ...Object.fromEntries(
      peers.map((name) => [name, JSON.parse(read(`../node_modules/${name}/package.json`)).version]),
    ),
  }
}

/** Load average of the last minute: the number of runnable processes. */
export const load = () => Number(loadavg()[0].toFixed(2))
