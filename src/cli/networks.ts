/**
 * Networks as a person names them: one of the registry, with arguments as options or behind its name
 * (`mobilenet_v2:width=0.5,size=96`), or a model file.
 */

import { type Command, InvalidArgumentError, Option } from 'commander'
import { nearest, oneOf, UsageError } from '../core/index.ts'
import { readBytes } from '../data/node.ts'
import { type OpenedModel, openModel } from '../door/index.ts'
import { activationNames, type BuildOptions, build, isModel, type Model, widthRuleNames } from '../models/index.ts'
import { type Network, paddingNames } from '../nn/index.ts'
import { choice, fraction, positive, positiveInteger } from './terminal/options.ts'

/** 224, or 192x256 (height x width). */
export function imageSize(text: string): number | [height: number, width: number] {
  const sides = text.split('x').map(Number)
  if (sides.length > 2 || !sides.every((n) => Number.isInteger(n) && n > 0))
    throw new InvalidArgumentError('It must be a positive integer, or height x width: 192x256.')
  return sides.length === 1 ? sides[0] : [sides[0], sides[1]]
}

function blocks(text: string): 'table' | 'none' | 'all' | number[] {
  if (text === 'table' || text === 'none' || text === 'all') return text
  const numbers = text.split('+').map((n) => (n === '' ? Number.NaN : Number(n)))
  if (!numbers.every((n) => Number.isInteger(n) && n >= 0))
    throw new InvalidArgumentError('It must be table, none, all, or numbers of blocks: 3+4+5.')
  return numbers
}

const head = (text: string): number | 'table' => (text === 'table' ? text : positiveInteger(text))
const factor = (text: string): number => Number(choice(['32', '16', '8', '4', '2', '1'])(text))

interface NetworkOption {
  readonly value: string
  readonly help: string
  read(text: string): unknown
}

/** Arguments of `build` that can be given on the command line. */
const networkOptions = {
  width: { value: '<factor>', help: 'multiplier of all channels (alpha)', read: positive },
  size: { value: '<pixels>', help: 'side of an image, or height x width: 192x256', read: imageSize },
  classes: { value: '<n>', help: 'number of classes', read: positiveInteger },
  widthRule: {
    value: '<name>',
    help: `whose reading of width: ${oneOf(widthRuleNames)}`,
    read: choice(widthRuleNames),
  },
  reduction: {
    value: '<factor>',
    help: 'how many times smaller the last feature map is than the image (first strides become 1, for small images)',
    read: factor,
  },
  outputStride: { value: '<factor>', help: 'the same, where later strides become dilation', read: factor },
  padding: { value: '<style>', help: `zeros around images: ${oneOf(paddingNames)}`, read: choice(paddingNames) },
  activation: {
    value: '<name>',
    help: `in place of every activation of the table: ${oneOf(activationNames)}`,
    read: choice(activationNames),
  },
  convolution: {
    value: '<kind>',
    help: 'separable, or standard for the twin without depthwise convolutions',
    read: choice(['separable', 'standard']),
  },
  se: {
    value: '<blocks>',
    help: 'squeeze-and-excitation: table, none, all, or numbers of blocks: 3+4+5',
    read: blocks,
  },
  head: { value: '<channels>', help: 'channels of the last layer before the classifier', read: head },
  dropout: { value: '<rate>', help: 'probability of dropping before the classifier in training', read: fraction },
} as const satisfies Partial<Record<keyof BuildOptions, NetworkOption>>

type Name = keyof typeof networkOptions
const names = Object.keys(networkOptions) as Name[]
const flagOf = (name: Name): string => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`

/** Adds options for all arguments of `build` except `without`. */
export function addNetworkOptions(command: Command, without: readonly Name[] = []): Command {
  for (const name of names.filter((n) => !without.includes(n))) {
    const { value, help, read }: NetworkOption = networkOptions[name]
    command.addOption(new Option(`${flagOf(name)} ${value}`, help).argParser(read))
  }
  return command
}

/** Those of a command's options that are arguments of `build`. */
export const networkArguments = (options: Readonly<Record<string, unknown>>): BuildOptions =>
  Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]))

/** True for what names a file rather than a network of the registry. */
export const isModelFile = (text: string): boolean => text.endsWith('.safetensors') || /[/\\]/.test(text)

/** A network of the registry; `name:width=0.5,size=96` overrides `given`. */
export function parseNetwork(text: string, given: BuildOptions = {}): Model {
  const at = text.indexOf(':')
  if (at < 0) return build(text, given)
  const own: Record<string, unknown> = {}
  for (const part of text.slice(at + 1).split(',')) {
    const [key, value] = part.split('=')
    const name = names.find((n) => n === key)
    if (!name || value === undefined) {
      const meant = name ? `${name}=<value>` : nearest(key, names)
      throw new UsageError(
        `${text}: no argument ${part}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(names)}`,
      )
    }
    try {
      own[name] = networkOptions[name].read(value)
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw new UsageError(`${text}: ${name} is ${value}. ${error.message}`)
      throw error
    }
  }
  return build(text.slice(0, at), { ...given, ...own })
}

/** Reads a model file; its network has the weights. */
export const openModelFile = async (path: string): Promise<OpenedModel> => openModel(await readBytes(path), path)

/** The network that `text` names: one of the registry, or the one in a model file, with its weights. */
export async function openNetwork(text: string, given: BuildOptions): Promise<Network> {
  if (!isModelFile(text)) return parseNetwork(text, given)
  refuseArguments(text, given)
  return (await openModelFile(text)).network
}

/** Throws when arguments of `build` are given with a file, which has its own. */
export function refuseArguments(file: string, given: BuildOptions): void {
  const [name] = names.filter((n) => given[n] !== undefined)
  if (name) throw new UsageError(`${flagOf(name)}: ${file} is a model file, which says this itself: leave it out`)
}

/** A network that `build` makes; throws for another, which `what` cannot take. */
export function modelOf(network: Network, text: string, what: string): Model {
  if (isModel(network)) return network
  throw new UsageError(`${what}: ${text} carries a graph of its own: name a network that "kinglet models" lists`)
}

/** How a network is called in tables: its name, and the arguments that differ from what it has by itself. */
export function labelOf(network: Network): string {
  if (!isModel(network)) return `own graph, ${network.inputShape.slice(0, 2).join('x')} px`
  const { name, options } = network.architecture
  const own: Readonly<Record<string, unknown>> = build(name).architecture.options
  const show = (value: unknown): string => (Array.isArray(value) ? value.join('x') : String(value))
  const differing = names.filter((n) => n !== 'size' && show(options[n]) !== show(own[n]))
  const [height, width] = options.size
  const size = height === width ? height : `${height}x${width}`
  const rows = options.rows === 'table' ? [] : ['rows of its own']
  return [name, ...rows, ...differing.map((n) => `${n} ${show(options[n])}`), `${size} px`].join(', ')
}
