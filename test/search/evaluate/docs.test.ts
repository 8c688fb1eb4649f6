import { expect, test } from 'vitest'
import { describeProxy, proxyNames } from '../../../src/search/evaluate/proxies/index.ts'
import { hyperbandBrackets, prunerNames } from '../../../src/search/pruners/index.ts'
import { textOf } from '../../support/sources.ts'

const text = textOf('docs/search.md')

test('docs/search.md lists the proxies with their descriptions', () => {
  const rows = proxyNames.map((name) => `| \`${name}\` | ${describeProxy(name).replaceAll('|', '\\|')} |`)
  expect(text).toContain(`| \`proxyNames\` | higher is better |\n|---|---|\n${rows.join('\n')}\n`)
})

test('docs/search.md lists the pruners, and the brackets of its example', () => {
  const [, table] = /^\| `prunerOf` .*\n([\s\S]*?)\n\n/m.exec(text)!
  expect([...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)).toEqual(prunerNames)
  const counts = hyperbandBrackets({ max: 27 }).map(([first]) => first.count)
  const total = counts.reduce((a, b) => a + b)
  expect(text).toContain(
    `Hyperband's four brackets have ${counts.slice(0, 3).join(', ')} and ${counts[3]} trials, ${total} in all`,
  )
})
