/**
 * Networks as text: parses the name of a registered network with arguments of `build`
 * (`mobilenet_v2:width=0.5,size=96`), and makes labels of networks for tables and reports.
 */
import {
  checks,
  nearest,
  oneOf,
  type Reader,
  readName,
  readNumber,
  readNumbers,
  readPositiveInteger,
  UsageError,
} from '../core/index.ts'
import { activationNames, type BuildOptions, build, isModel, type Model, widthRuleNames } from '../models/index.ts'
import { type Network, paddingNames } from '../nn/index.ts'
import { memberName, type OptionName } from './option-name.ts'

const { count, positive, share, whole } = checks

const sides = readNumbers(
  'x',
  (numbers) => numbers.length <= 2 && numbers.every(count.is),
  'a positive integer, or height x width: 192x256',
)
/** Reads 224, or 192x256 (height x width). */
const readSize: Reader<number | readonly [height: number, width: number]> = (text) => {
  const read = sides(text)
  if ('problem' in read) return read
  const [height, width] = read.value
  return { value: width === undefined ? height : [height, width] }
}

const blockNumbers = readNumbers('+', (numbers) => numbers.every(whole.is), 'table, none, all, or block numbers: 3+4+5')
const readBlocks: Reader<'table' | 'none' | 'all' | readonly number[]> = (text) =>
  text === 'table' || text === 'none' || text === 'all' ? { value: text } : blockNumbers(text)

const readHead: Reader<number | 'table'> = (text) => (text === 'table' ? { value: text } : readPositiveInteger(text))

const factorName = readName(['32', '16', '8', '4', '2', '1'])
const readFactor: Reader<number> = (text) => {
  const read = factorName(text)
  return 'problem' in read ? read : { value: Number(read.value) }
}

/** Readers of the arguments of `build` that can be written as text. */
export const argumentReaders = {
  width: readNumber(positive),
  size: readSize,
  classes: readPositiveInteger,
  widthRule: readName(widthRuleNames),
  reduction: readFactor,
  outputStride: readFactor,
  padding: readName(paddingNames),
  activation: readName(activationNames),
  convolution: readName(['separable', 'standard']),
  se: readBlocks,
  head: readHead,
  dropout: readNumber(share),
} as const satisfies Partial<Record<keyof BuildOptions, Reader<unknown>>>

export type ArgumentName = keyof typeof argumentReaders
export const argumentNames = Object.keys(argumentReaders) as readonly ArgumentName[]

/** Returns the members of `options` that are arguments of `build` and not undefined. */
export function networkArguments(options: object): BuildOptions {
  const values = options as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    argumentNames.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]),
  )
}

/**
 * Builds the registered network that `text` names. Arguments in the text (`name:width=0.5,size=96`) override `given`.
 * Throws a `UsageError` for any other text.
 */
export function parseNetwork(text: string, given: BuildOptions = {}): Model {
  const at = text.indexOf(':')
  if (at < 0) return build(text, given)
  const own: Record<string, unknown> = {}
  for (const part of text.slice(at + 1).split(',')) {
    const [key, value] = part.split('=')
    const name = argumentNames.find((n) => n === key)
    if (!name || value === undefined) {
      const meant = name ? `${name}=<value>` : nearest(key, argumentNames)
      throw new UsageError(
        `${text}: no argument ${part}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(argumentNames)}`,
      )
    }
    const read = argumentReaders[name](value)
    if ('problem' in read) throw new UsageError(`${text}: ${name} is ${value}. ${read.problem}`)
    own[name] = read.value
  }
  return build(text.slice(0, at), { ...given, ...own })
}

/** Throws a `UsageError` if arguments of `build` are given for a model file, which defines its own. */
export function assertNoArguments(file: string, given: BuildOptions, called: OptionName = memberName): void {
  const name = argumentNames.find((n) => given[n] !== undefined)
  if (name)
    throw new UsageError(
      `${called(name)}: ${file} is a model file, which defines its own network: leave ${called(name)} out`,
    )
}

/**
 * Returns a network that `build` made. Throws a `UsageError` for others; `text` names the network, `what` the option.
 */
export function modelOf(network: Network, text: string, what: string): Model {
  if (isModel(network)) return network
  throw new UsageError(`${what}: ${text} carries its own graph: name a network that "kinglet models" lists`)
}

/** The label of a network in tables: its name, the arguments that differ from their defaults, and its size. */
export function labelOf(network: Network): string {
  if (!isModel(network)) return `own graph, ${network.inputShape.slice(0, 2).join('x')} px`
  const { name, options } = network.architecture
  const own: Readonly<Record<string, unknown>> = build(name).architecture.options
  const show = (value: unknown): string => (Array.isArray(value) ? value.join('x') : String(value))
  const differing = argumentNames.filter((n) => n !== 'size' && show(options[n]) !== show(own[n]))
  const [height, width] = options.size
  const size = height === width ? height : `${height}x${width}`
  const rows = options.rows === 'table' ? [] : ['rows of its own']
  return [name, ...rows, ...differing.map((n) => `${n} ${show(options[n])}`), `${size} px`].join(', ')
}
