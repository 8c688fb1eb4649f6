/**
 * `node scripts/search-regret.js [algorithm ...]`: measures how close the search algorithms come to known minima, and
 * compares them with Optuna's figures. It prints the tables and writes them to docs/search.md. With names, it only
 * prints the rows of those algorithms. The figures are a function of the code: a test computes some of them again.
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
const chosen = (all) => Object.keys(all).filter((name) => names.length === 0 || names.includes(name))
const printed = (rows) => {
  for (const row of rows) console.log(row)
  return rows
}
const regrets = Object.keys(minima).flatMap((fn) => chosen(rivals).flatMap((name) => printed(regretRows(fn, name))))
const hypervolumes = chosen(volumes).flatMap((name) => printed(volumeRows(name)))
if (names.length === 0) {
  const path = join(root, 'docs/search.md')
  const text = withTable(readFileSync(path, 'utf8'), regretHead, regrets)
  writeFileSync(path, withTable(text, volumeHead, hypervolumes))
}
