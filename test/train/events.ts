/** Reads TensorBoard event files: checks the checksums of records, and decodes the fields that Kinglet writes. */
import { crc32c, type Event } from '../../src/train/runs/tensorboard.ts'

const unmasked = (sum: number): number => {
  const rotated = (sum - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

export function eventsOf(file: Uint8Array): Event[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const events: Event[] = []
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true))
    const data = file.subarray(at + 12, at + 12 + length)
    if (unmasked(view.getUint32(at + 8, true)) !== crc32c(file.subarray(at, at + 8))) throw new Error('length damaged')
    if (unmasked(view.getUint32(at + 12 + length, true)) !== crc32c(data)) throw new Error('event damaged')
    events.push(eventOf(data))
    at += 16 + length
  }
  return events
}

type Field = readonly [number: number, value: number | Uint8Array]

/** The fields of a protocol buffer: varints as numbers, all others as bytes. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = () => {
    for (let n = 0, scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      n += (byte % 128) * scale
      if (byte < 128) return n
    }
  }
  while (at < bytes.length) {
    const key = varint()
    const wire = key % 8
    if (wire === 0) fields.push([Math.floor(key / 8), varint()])
    else {
      const length = wire === 1 ? 8 : wire === 5 ? 4 : varint()
      fields.push([Math.floor(key / 8), bytes.subarray(at, (at += length))])
    }
  }
  return fields
}

function eventOf(bytes: Uint8Array): Event {
  const fields = new Map(fieldsOf(bytes))
  const part = (n: number) => fields.get(n) as Uint8Array | undefined
  const text = (b: Uint8Array) => new TextDecoder().decode(b)
  const [version, summary, session] = [part(3), part(5), part(7)]
  const scalars = fieldsOf(summary ?? new Uint8Array()).map(([, value]) => {
    const [tag, x] = [1, 2].map((n) => new Map(fieldsOf(value as Uint8Array)).get(n) as Uint8Array)
    return [text(tag), new DataView(Uint8Array.from(x).buffer).getFloat32(0, true)] as const
  })
  return {
    wallTime: new DataView(Uint8Array.from(part(1)!).buffer).getFloat64(0, true),
    step: (fields.get(2) as number | undefined) ?? 0,
    ...(version && { fileVersion: text(version) }),
    ...(scalars.length && { scalars: Object.fromEntries(scalars) }),
    ...(session && { restarts: new Map(fieldsOf(session)).get(1) === 1 }),
  }
}
