/** Tests that docs/search.md agrees with the code about spaces. */
import { expect, test } from 'vitest'
import { Rng } from '../../../src/core/index.ts'
import { analyse } from '../../../src/graph/index.ts'
import {
  countPoints,
  defaultPoint,
  networkOf,
  networkSpaceNames,
  readSpace,
  samplePoint,
  spaceOf,
} from '../../../src/search/index.ts'
import { textOf } from '../../support/sources.ts'

const section = /^## Spaces$(.*?)^## /ms.exec(`${textOf('docs/search.md')}\n## `)![1]

const power = (n: number): string => {
  const [digits, exponent] = n.toExponential(0).split('e+')
  return `${digits} x 10^${exponent}`
}
const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

test('the table of spaces', () => {
  const rows = networkSpaceNames.map((name) => {
    const space = spaceOf(name)
    const net = networkOf(space, defaultPoint(space))
    const { macs, parameters } = analyse(net.graph()).total
    const cells = [
      `\`${name}\``,
      `\`${net.architecture.name}\``,
      Object.keys(space.choices).length,
      power(countPoints(space)),
      grouped(macs),
      grouped(parameters),
    ]
    return `| ${cells.join(' | ')} |`
  })
  expect(section.split('\n').filter((line) => /^\| `[\w-]+` \| `mobilenet/.test(line))).toEqual(rows)
})

test('the example file is a valid space of networks', () => {
  const [, text] = /```json\n(.*?)```/s.exec(section)!
  const space = readSpace(text, 'docs/search.md')
  expect(networkOf(space, samplePoint(space, new Rng(1))).architecture.options.reduction).toBe(8)
})

test('the choices that it names exist in the spaces', () => {
  const kinds = (name: string) => name.replace(/(stage|layer|block)\d+/g, '$1')
  const told = [...section.matchAll(/^\| (`.*?`) \| .* \| .* \|$/gm)]
    .flatMap(([, cell]) => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name]) => kinds(name)))
    .filter((name) => !/^v\d|ofa/.test(name))
  const known = [...networkSpaceNames, 'training'].flatMap((name) => Object.keys(spaceOf(name).choices).map(kinds))
  expect([...new Set(told)].sort()).toEqual([...new Set(known)].sort())
})
