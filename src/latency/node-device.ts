/** Describes what a measurement in Node depends on. */
import { arch, availableParallelism, cpus, platform, release } from 'node:os'
import { provenanceNow } from '../formats/index.ts'
import type { MeasuredWith } from './table.ts'

/**
 * Returns this machine, this JavaScript engine and this version of Kinglet. A table measured here states them, and
 * measuring continues only into a table that states the same.
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
