import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { crc32c, eventRecord } from '../../../src/train/runs/tensorboard.ts'
import { optional } from '../../support/optional.ts'
import { eventsOf } from '../events.ts'

test("CRC-32C of the standards' examples (RFC 3720, appendix B.4)", () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43)
})

test('a record is a length, its checksum, the event and its checksum', () => {
  // TensorFlow's writer starts every file with these bytes, except for the time and the last checksum.
  const record = Buffer.from(eventRecord({ wallTime: 0, step: 0, fileVersion: 'brain.Event:2' }))
  const event = `090000000000000000` + `1a0d${Buffer.from('brain.Event:2').toString('hex')}`
  expect(record.subarray(0, -4).toString('hex')).toBe(`1800000000000000a37f4b22${event}`)
})

test('an independent reader of the format reads the events', () => {
  const events = [
    { wallTime: 1700000000.25, step: 0, fileVersion: 'brain.Event:2' },
    { wallTime: 1700000001.5, step: 3_000_000_000, scalars: { 'train/loss': 2.5, ä: -0.125 } },
    { wallTime: 1700000002, step: 128, restarts: true },
  ]
  expect(eventsOf(Buffer.concat(events.map(eventRecord)))).toEqual(events)
})

test('the checksums detect a flipped bit', () => {
  const record = Buffer.from(eventRecord({ wallTime: 1, step: 1, scalars: { a: 1 } }))
  for (let i = 0; i < record.length; i++) {
    const damaged = Buffer.from(record)
    damaged[i] ^= 4
    expect(() => eventsOf(damaged)).toThrow()
  }
})

const python = optional('python-tensorboard')
test.skipIf(!python)('TensorBoard reads the events', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kinglet-events-'))
  try {
    const events = [
      { wallTime: 1700000000, step: 0, fileVersion: 'brain.Event:2' },
      { wallTime: 1700000001, step: 10, scalars: { 'train/loss': 2.5 } },
      { wallTime: 1700000002, step: 20, scalars: { 'train/loss': 1.25, 'validation/top1': 0.5 } },
    ]
    writeFileSync(join(folder, 'events.out.tfevents.1700000000.kinglet'), Buffer.concat(events.map(eventRecord)))
    const script = `import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(json.dumps({tag: [[s.step, s.value] for s in events.Scalars(tag)] for tag in events.Tags()['scalars']}))`
    const { stdout, stderr } = spawnSync(python!, ['-c', script, folder], { encoding: 'utf8' })
    expect(JSON.parse(stdout.trim() || JSON.stringify(stderr))).toEqual({
      'train/loss': [
        [10, 2.5],
        [20, 1.25],
      ],
      'validation/top1': [[20, 0.5]],
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
