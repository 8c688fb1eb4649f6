/** Ops by name, loaded: the same ones as in the table of all. */
import { expect, test } from 'vitest'
import { allOps, opNamed, opsNamed } from '../../src/ops/index.ts'

test('every op is found by its name', async () => {
  const found = await opsNamed(allOps.map(({ name }) => name))
  expect(found.size).toBe(allOps.length)
  for (const op of allOps) expect(found.get(op.name)).toBe(op)
})

test('only those that are asked for, and none that there is not', async () => {
  const found = await opsNamed(['softmax', 'add', 'tesseract', 'toString'])
  expect([...found].sort()).toEqual([
    ['add', opNamed('add')],
    ['softmax', opNamed('softmax')],
  ])
})
