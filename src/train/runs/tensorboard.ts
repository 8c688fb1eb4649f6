/**
 * TensorBoard event files. A record has a length, a protocol buffer, and a masked CRC-32C of each, as in TFRecord. An
 * event is a few scalars, the version of the file, or the mark of a restart. These are four small messages, which take
 * less code than a protobuf library with its descriptions. Field numbers: tensorflow/core/util/event.proto and
 * framework/summary.proto.
 */

export interface Event {
  /** Seconds since 1970. */
  readonly wallTime: number
  readonly step: number
  /** The first event of a file: `brain.Event:2`. */
  readonly fileVersion?: string
  /** Marks a restart: TensorBoard discards the events of other files from this step on. */
  readonly restarts?: boolean
  /** Values by tag: `train/loss`. */
  readonly scalars?: Readonly<Record<string, number>>
}

/** Castagnoli's polynomial, reflected. */
const polynomial = 0x82f63b78
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1
  return c
})

/** CRC-32C (RFC 3720, appendix B.4). */
export function crc32c(bytes: Uint8Array): number {
  let c = ~0
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]) & 255] ^ (c >>> 8)
  return ~c >>> 0
}

/** Masks a checksum, because a CRC of data that contains CRCs is problematic (LevelDB's log format). */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0

/** Encodes an event as a record of the file. */
export function eventRecord(event: Event): Uint8Array {
  const data = Uint8Array.from(encode(event))
  const record = new Uint8Array(16 + data.length)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, masked(crc32c(record.subarray(0, 8))), true)
  record.set(data, 12)
  view.setUint32(12 + data.length, masked(crc32c(data)), true)
  return record
}

/** Protobuf wire types: the encoding of the bytes that follow a field number. */
const [varint, fixed64, bytes, fixed32] = [0, 1, 2, 5]

function encode({ wallTime, step, fileVersion, restarts, scalars = {} }: Event): number[] {
  const values = Object.entries(scalars).map(([tag, value]) => [
    ...delimited(1, text(tag)),
    ...field(2, fixed32),
    ...new Uint8Array(Float32Array.of(value).buffer),
  ])
  return [
    ...field(1, fixed64),
    ...new Uint8Array(Float64Array.of(wallTime).buffer),
    ...(step ? [...field(2, varint), ...number(step)] : []),
    ...(fileVersion === undefined ? [] : delimited(3, text(fileVersion))),
    ...(values.length
      ? delimited(
          5,
          values.flatMap((v) => delimited(1, v)),
        )
      : []),
    // SessionLog with status START.
    ...(restarts ? delimited(7, [...field(1, varint), 1]) : []),
  ]
}

const text = (s: string): number[] => [...new TextEncoder().encode(s)]
const field = (n: number, wire: number): number[] => number(n * 8 + wire)
const delimited = (n: number, data: readonly number[]): number[] => [
  ...field(n, bytes),
  ...number(data.length),
  ...data,
]

/** Encodes a varint: seven bits per byte, the lowest first. */
function number(n: number): number[] {
  const out: number[] = []
  for (; n >= 128; n = Math.floor(n / 128)) out.push((n % 128) + 128)
  return [...out, n]
}
