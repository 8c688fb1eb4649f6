/** docs/benchmarks.md is generated from results, by code of bench/ that needs none of the packages of bench/. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { filesOf, root, textOf } from '../support/sources.ts'

// Imported by a variable, since the type check does not cover plain JavaScript.
const document = pathToFileURL(join(root, 'bench/lib/document.js')).href
const { documentOf, newestResults } = (await import(document)) as {
  documentOf(results: readonly object[]): string
  newestResults(folder?: URL): object[]
}

const shares = pathToFileURL(join(root, 'bench/lib/shares.js')).href
const { withShares } = (await import(shares)) as { withShares(text: string, results: readonly object[]): string }

const around = (median: number, share: number) => ({ lower: median * (1 - share), median, upper: median * (1 + share) })

/** Results of one contender beside Kinglet, whose quartiles lie `share` of the median away from it. */
const resultsOf = (node: string, median: number, share: number) => {
  const contender = (runtime: string, factor: number) => ({
    ...{ runtime, threads: 1, latencyMs: around(factor * median, share), firstAnswerMs: around(100, share) },
    ...(runtime !== 'kinglet' && { kingletIsFaster: around(factor, 0) }),
    ...{ peakBytes: 2 ** 27, difference: 0, times: [] },
  })
  const failed = [{ runtime: 'ortWeb', threads: 2, reason: 'no threads' }]
  const networks = [{ network: 'V2', contenders: [contender('kinglet', 1), contender('tfjs', 2)], failed }]
  return {
    machine: { processor: 'Abacus', cores: 2, memoryBytes: 8 * 2 ** 30, system: 'Linux' },
    versions: { kinglet: '0.1.0', commit: 'abc', node, v8: '1', 'onnxruntime-web': '9.9' },
    parts: {
      node: { loadBefore: 0.5, loadAfter: 2.5, networks },
      chromium: { skipped: 'no Chromium: install it' },
    },
  }
}

test('the document has a section for each part, with the newest results of each Node first', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kinglet-bench-'))
  const write = (name: string, value: object) => writeFileSync(join(folder, name), JSON.stringify(value))
  write('2026-01-01-node-20.1.0.json', resultsOf('20.1.0', 1, 0.01))
  write('2026-01-02-node-20.1.0.json', resultsOf('20.1.0', 12.34, 0.01))
  write('2026-01-01-node-24.1.0.json', resultsOf('24.1.0', 5, 0.2))
  const text = documentOf(newestResults(pathToFileURL(`${folder}/`)))
  rmSync(folder, { recursive: true })

  expect(text).toContain('- Abacus, 2 cores, 8 GiB of memory, Linux')
  expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
    'Inference in Node 24',
    'Inference in Node 20',
    'Inference in Chromium',
    'How it is measured',
  ])
  expect(text).toContain('Node 20.1.0 (V8 1), Kinglet 0.1.0 (abc), onnxruntime-web 9.9')
  expect(text).toMatch(/^\| Kinglet, 1 thread +\| 12\.3 \(12\.2 - 12\.5\) \|$/m)
  expect(text).toMatch(/^\| TensorFlow\.js wasm, 1 thread +\| +2\.00 \(2\.00 - 2\.00\) \|$/m)
  expect(text).toContain('- ONNX Runtime Web, 2 threads: no threads')
  expect(text).toContain('Left out: no Chromium: install it.')
  // Only the wide one is told: a tenth and more.
  expect(text.match(/The machine was busy: in half of these rows the quartiles lie 50 % apart or more/g)).toHaveLength(
    1,
  )
  expect(text).toContain('(load average 0.5 before and 2.5 after)')
})

test('docs/benchmarks.md and the tables of docs/performance.md match the newest results', () => {
  const results = existsSync(join(root, 'bench/results')) ? filesOf('bench/results', '.json') : []
  if (results.length === 0) return
  expect(textOf('docs/benchmarks.md')).toBe(documentOf(newestResults()))
  const performance = textOf('docs/performance.md')
  expect(performance).toBe(withShares(performance, newestResults()))
  // Two tables for each Node version, each with its sum.
  expect(performance.match(/ms in all kernels:\n\n\| kernels/g)?.length).toBeGreaterThanOrEqual(2)
})
