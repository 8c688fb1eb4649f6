/**
 * `node scripts/search-regret.js [algorithm ...]`: measures how near the search algorithms come to known minima, beside
 * Optuna's figures, prints the tables and writes them into docs/search.md. With names, prints the rows of those alone. The
 * figures are a function of the code: a test computes a part of them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './prepare.js'

process.chdir(root)
const { outputFiles } = await build({
  entryPoints: [join(root, 'test/search/regret.ts')],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
})
const bundle = Buffer.from(outputFiles[0].contents).toString('base64')
const { minima, regretHead, regretRows, rivals, volumeHead, volumeRows, volumes, withTable } = await import(
  `data:text/javascript;base64,${bundle}`
)

const names = process.argv.slice(2)
const asked = (all) => Object.keys(all).filter((name) => names.length === 0 || names.includes(name))
const told = (rows) => {
  for (const row of rows) console.log(row)
  return rows
}
const regrets = Object.keys(minima).flatMap((fn) => asked(rivals).flatMap((name) => told(regretRows(fn, name))))
const hypervolumes = asked(volumes).flatMap((name) => told(volumeRows(name)))
if (names.length === 0) {
  const path = join(root, 'docs/search.md')
  const text = withTable(readFileSync(path, 'utf8'), regretHead, regrets)
  writeFileSync(path, withTable(text, volumeHead, hypervolumes))
}
