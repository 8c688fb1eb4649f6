/** Units of latency come from the graph, and equal those that rows gave before (see registry-cases.ts). */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { unitKey, unitsOf } from '../../src/latency/index.ts'
import { hashOf, networks, type Parts, unitText } from '../support/registry-cases.ts'

const parts: Parts = JSON.parse(readFileSync('test/fixtures/registry-parts.json', 'utf8'))

test('the fixture has the networks that are tested', () => {
  expect(Object.keys(parts.hashes)).toEqual([...networks.keys()])
})

test.each(Object.entries(parts.texts))('%s', (name, { units }) => {
  expect(unitsOf(networks.get(name)!()).map(unitKey)).toEqual(units)
})

test.each([...networks])('%s', (name, make) => {
  expect(hashOf(unitsOf(make()).map(unitText))).toBe(parts.hashes[name].units)
})
