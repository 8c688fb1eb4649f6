/** Groups of channels come from the graph, and equal those that rows gave before (see registry-cases.ts). */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { groupsOf, shrink } from '../../src/prune/index.ts'
import {
  architectureHash,
  groupText,
  hashOf,
  kept,
  networks,
  type Parts,
  weightsHash,
} from '../support/registry-cases.ts'

const parts: Parts = JSON.parse(readFileSync('test/fixtures/registry-parts.json', 'utf8'))

test.each(Object.entries(parts.texts))('%s', (name, { groups }) => {
  expect(groupsOf(networks.get(name)!()).map(groupText)).toEqual(groups)
})

test.each([...networks])('%s', (name, make) => {
  const net = make()
  expect(hashOf(groupsOf(net).map(groupText))).toBe(parts.hashes[name].groups)
  expect(architectureHash(net)).toBe(parts.hashes[name].architecture)
})

test.each(Object.entries(parts.shrunk))('%s: each group smaller', (name, expected) => {
  const net = networks.get(name)!()
  const hashes = groupsOf(net).map((group) => {
    const smaller = shrink(net, group, kept(group))
    return [group.name, hashOf([weightsHash(smaller), JSON.stringify(smaller.architecture)])]
  })
  expect(Object.fromEntries(hashes)).toEqual(expected)
})
