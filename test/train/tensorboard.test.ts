import { expect, test } from 'vitest'
import { crc32c, eventRecord } from '../../src/train/tensorboard.ts'
import { eventsOf } from './events.ts'

test("CRC-32C of the standards' examples (RFC 3720, appendix B.4)", () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43)
})

test('a record is length, its sum, the event and its sum, byte by byte', () => {
  // TensorFlow's own writer begins every file with these bytes, but for the time and the last sum.
  const record = Buffer.from(eventRecord({ wallTime: 0, step: 0, fileVersion: 'brain.Event:2' }))
  const event = `090000000000000000` + `1a0d${Buffer.from('brain.Event:2').toString('hex')}`
  expect(record.subarray(0, -4).toString('hex')).toBe(`1800000000000000a37f4b22${event}`)
})

test('events are read again by a reader written from the format', () => {
  const events = [
    { wallTime: 1700000000.25, step: 0, fileVersion: 'brain.Event:2' },
    { wallTime: 1700000001.5, step: 3_000_000_000, scalars: { 'train/loss': 2.5, ä: -0.125 } },
    { wallTime: 1700000002, step: 128, restarts: true },
  ]
  expect(eventsOf(Buffer.concat(events.map(eventRecord)))).toEqual(events)
})

test('a bit that flips is found by the sums', () => {
  const record = Buffer.from(eventRecord({ wallTime: 1, step: 1, scalars: { a: 1 } }))
  for (let i = 0; i < record.length; i++) {
    const damaged = Buffer.from(record)
    damaged[i] ^= 4
    expect(() => eventsOf(damaged)).toThrow()
  }
})
