/**
 * Checks choices against their meanings. Refuses a name that neither the space's network nor training knows, a value
 * that they cannot take, and a choice of a block that its stage never has.
 */
import { KingletError, nearest, oneOf } from '../../core/index.ts'
import { type Block, baseOf, type Meaning, meaningOf } from './base.ts'
import { fromUnit, listed } from './points.ts'
import { type Choice, countIn, describeChoice, type Scalar } from './space.ts'
import type { Stage } from './table.ts'
import type { NetworkSpaceName } from './tables.ts'
import { trainingChoices, trainingMeaningOf } from './training.ts'

type Choices = Readonly<Record<string, Choice>>

/** Largest image side when none is given. */
export const publishedSize = 224

function stageChoices(stage: Stage, name: string): [string, Choice][] {
  const all = Object.entries(stage.all).map(([aspect, c]): [string, Choice] => [`${name}.${aspect}`, c])
  const each = Object.entries(stage.each ?? {})
  const depths = stage.all.depth ? listed(stage.all.depth).map(Number) : [stage.blocks]
  const blocks = Array.from({ length: each.length > 0 ? Math.max(...depths) : 0 }, (_, b) => {
    const deep = depths.filter((depth) => depth > b)
    const when = deep.length < depths.length ? { when: { [`${name}.depth`]: deep } } : {}
    return each.map(([aspect, c]): [string, Choice] => [`${name}.block${b + 1}.${aspect}`, { ...c, ...when }])
  })
  return [...all, ...blocks.flat()]
}

/** The choices of a network's own space, for images of up to `size` pixels. */
export function networkChoices(network: NetworkSpaceName, size: number): Choices {
  const { whole, stages, called, resolution } = baseOf(network).table
  return Object.fromEntries([
    ['resolution', resolution(size)],
    ...Object.entries(whole),
    ...stages.flatMap((stage, i) => stageChoices(stage, `${called}${i + 1}`)),
  ])
}

/** The meaning of a choice's name, in networks of `network` or in training. */
export const meaningIn = (network: NetworkSpaceName | undefined, name: string): Meaning | undefined =>
  (network && meaningOf(baseOf(network), name)) ?? trainingMeaningOf(name)

function meaningNamed(name: string, network: NetworkSpaceName, what: string): Meaning {
  const meaning = meaningIn(network, name)
  if (meaning) return meaning
  const all = [...Object.keys(networkChoices(network, publishedSize)), 'dropout', ...Object.keys(trainingChoices)]
  const meant = nearest(name, all)
  throw new KingletError(
    `${what}: no choice ${name}${meant ? ` (did you mean ${meant}?)` : ''}: ${network} has ${oneOf(all)}`,
  )
}

/**
 * Of a longer range of integers only the first values, up to this many, and the last are checked: a wrong value shows
 * early.
 */
const most = 1000

/** Values that represent all values of a choice. */
function valuesOf(c: Choice): readonly Scalar[] {
  if (c.kind === 'categorical') return c.values
  if (c.kind === 'real') return [c.low, c.high]
  const [count, step] = [countIn(c), c.step ?? 1]
  const first = Array.from({ length: Math.min(count, most) }, (_, i) => c.low + i * step)
  return [...first, c.low + (count - 1) * step]
}

/** Whether a range has fractions where `meaning` requires integers. */
const isTooFine = (c: Choice, { check }: Meaning): boolean =>
  c.kind === 'real' && c.low < c.high && !check.is(c.low + (c.high - c.low) / Math.PI)

const greatest = (c: Choice): number =>
  c.kind === 'categorical' ? Math.max(...c.values.map(Number)) : Number(fromUnit(c, 1))

function assertBlock(name: string, { number, depth, blocks }: Block, choices: Choices, what: string): void {
  const deepest = Object.hasOwn(choices, depth) ? greatest(choices[depth]) : blocks
  if (number > deepest)
    throw new KingletError(
      `${what}: choice ${name} is for block ${number}: the stage has ${deepest} at most: leave it out, or let ${depth} be ${number}`,
    )
}

/**
 * Throws a `KingletError` for names without a meaning in networks of `network` or in training, for values that they
 * cannot take, and for blocks that no stage has. The choices of depth are looked up in `space`.
 */
export function assertMeanings(choices: Choices, network: NetworkSpaceName, what: string, space = choices): void {
  for (const [name, c] of Object.entries(choices)) {
    const meaning = meaningNamed(name, network, what)
    const { must, is } = meaning.check
    const wrong = valuesOf(c).find((value) => !is(value))
    if (wrong !== undefined || isTooFine(c, meaning))
      throw new KingletError(
        `${what}: choice ${name} is ${wrong === undefined ? describeChoice(c) : JSON.stringify(wrong)}: it must be ${must}`,
      )
    if (meaning.block) assertBlock(name, meaning.block, space, what)
  }
}
