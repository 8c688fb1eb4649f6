/** What is measured with, in Node. */
import { arch, availableParallelism, cpus, platform, release } from 'node:os'
import { provenanceNow } from '../formats/index.ts'
import type { MeasuredWith } from './table.ts'

/**
 * This machine, this JavaScript engine and this version of Kinglet: what a table measured here says, and what one must say
 * to be gone on with here.
 *
 * @example
 * ```ts
 * import { measuredHere } from 'kinglet/search'
 *
 * measuredHere(2).threads // => 2
 * ```
 */
export function measuredHere(threads: number): MeasuredWith {
  const [processor] = cpus()
  const [major, minor] = process.versions.v8.split('.')
  return {
    device: {
      name: processor?.model.trim() || 'unknown processor',
      system: `${platform()} ${release().split('.').slice(0, 2).join('.')} ${arch()}`,
      cores: availableParallelism(),
    },
    engine: `wasm on V8 ${major}.${minor}`,
    kinglet: provenanceNow().kinglet,
    threads,
  }
}
