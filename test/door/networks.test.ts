/** Labels of networks in tables. */
import { expect, test } from 'vitest'
import { labelOf } from '../../src/door/networks.ts'
import { build } from '../../src/models/index.ts'
import { mixedRows } from '../models/mixed-rows.ts'

test('a label has the name, the arguments that differ from the table, and the size', () => {
  expect(labelOf(build('mobilenet_v1'))).toBe('mobilenet_v1, 224 px')
  expect(labelOf(build('mobilenet_v2', { width: 0.5, size: [32, 48], reduction: 8, classes: 10 }))).toBe(
    'mobilenet_v2, width 0.5, classes 10, reduction 8, 32x48 px',
  )
  expect(labelOf(build('mobilenet_v2', { rows: mixedRows, size: 32 }))).toBe('mobilenet_v2, rows of its own, 32 px')
})
