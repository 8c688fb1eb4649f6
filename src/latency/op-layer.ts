/**
 * Describes, as plain data, an op that is timed by itself because no other kind of layer describes it (an average pool, a
 * resize, a concatenation, a grouped convolution). Letters in its shapes stand for numbers of channels that may vary: the
 * axes that the op links.
 */
import { assert, KingletError, type Shape, size } from '../core/index.ts'
import { type Attrs, allOps, axisLinksOf, makeValue, parameter, type Value } from '../ops/index.ts'

/** A dimension: a length, or a letter for one of the layer's numbers of channels. */
type Dimension = number | 'a' | 'b' | 'c'

export interface OpLayer {
  readonly name: string
  /** Attributes that differ from the op's defaults. */
  readonly attrs: Readonly<Record<string, unknown>>
  readonly inputs: readonly { readonly shape: readonly Dimension[]; readonly isWeight: boolean }[]
}

const letters = ['a', 'b', 'c'] as const

/** The letters of a node's axes, by input and axis. A table's entry has at most three; further axes keep their lengths. */
function variablesOf(v: Value): Map<string, Dimension> {
  const found = new Map<string, Dimension>()
  let next = 0
  for (const link of axisLinksOf(v)) {
    const ends = link.filter(({ input }) => input !== undefined)
    // Batches and windows are no channels: only last axes vary.
    const isLast = link.some(({ input, axis }) => axis === (input === undefined ? v : v.inputs[input]).shape.length - 1)
    if (!isLast || ends.length === 0 || link.some(({ times = 1 }) => times > 1) || next === letters.length) continue
    for (const { input, axis } of ends) found.set(`${input} ${axis}`, letters[next])
    next++
  }
  return found
}

/** The op of a node, and the channels in its shapes; `[1]` where none may vary. */
export function opLayerOf(v: Value, isData: (x: Value) => boolean): { op: OpLayer; channels: number[] } {
  const variables = variablesOf(v)
  const channels: number[] = []
  const inputs = v.inputs.map((x, i) => {
    const shape = x.shape.map((length, axis) => {
      const letter = variables.get(`${i} ${axis}`)
      if (letter === undefined) return length
      channels[letters.indexOf(letter as 'a')] = length
      return letter
    })
    return { shape, isWeight: !isData(x) }
  })
  const defaults: Attrs = v.op.attrs
  const attrs = Object.fromEntries(
    Object.entries(v.attrs).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name])),
  )
  return { op: { name: v.op.name, attrs, inputs }, channels: channels.length > 0 ? channels : [1] }
}

const lengthsOf = (shape: readonly Dimension[], channels: readonly number[]): Shape =>
  shape.map((d) => (typeof d === 'number' ? d : channels[letters.indexOf(d)]))

/** Whether any of the op's numbers of channels may vary. */
export const opVaries = ({ inputs }: OpLayer): boolean =>
  inputs.some(({ shape }) => shape.some((d) => typeof d === 'string'))

/** Describes an op without its channels: `avg_pool 1x14x14xa, kernel 3x3, stride 2`. */
export function opText({ name, attrs, inputs }: OpLayer): string {
  const show = (value: unknown): string => (Array.isArray(value) ? value.map(String).join('x') : String(value))
  const shapes = inputs.map(({ shape, isWeight }) => `${isWeight ? 'weights ' : ''}${shape.join('x') || 'scalar'}`)
  return [`${name} ${shapes.join(' and ')}`, ...Object.entries(attrs).map(([n, value]) => `${n} ${show(value)}`)].join(
    ', ',
  )
}

const shapesOf = ({ inputs }: OpLayer, channels: readonly number[], isWeight: boolean): Shape[] =>
  inputs.filter((x) => x.isWeight === isWeight).map(({ shape }) => lengthsOf(shape, channels))

/** Number of weights of an op. */
export const opWeights = (op: OpLayer, channels: readonly number[]): number =>
  shapesOf(op, channels, true).reduce((n, shape) => n + size(shape), 0)

/** Shapes of an op's inputs other than weights. */
export const opInputs = (op: OpLayer, channels: readonly number[]): Shape[] => shapesOf(op, channels, false)

/** Builds the op on `x`, its first input. `other` gives further inputs. Weights are new parameters under `name`. */
export function buildOp(
  { name: opName, attrs, inputs }: OpLayer,
  channels: readonly number[],
  name: string,
  x: Value,
  other: (shape: Shape, index: number) => Value,
): Value {
  const op = allOps.find((known) => known.name === opName)
  if (!op) throw new KingletError(`latency: there is no op ${opName}`)
  const first = inputs.findIndex(({ isWeight }) => !isWeight)
  assert(first >= 0, () => `latency: ${opName} reads weights only: there is nothing to time`)
  const values = inputs.map(({ shape, isWeight }, i) => {
    const lengths = lengthsOf(shape, channels)
    if (isWeight)
      return parameter({
        name: `${name}.w${i}`,
        shape: lengths,
        role: 'weight',
        init: { kind: 'constant', value: 0.1 },
      })
    return i === first ? x : other(lengths, i)
  })
  return makeValue(op, values, { ...(op.attrs as object), ...attrs })
}
