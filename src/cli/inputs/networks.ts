/**
 * Network arguments of commands: the name of a registered network, with `build` arguments as options, or a model file.
 */
import { type Command, Option } from 'commander'
import { oneOf } from '../../core/index.ts'
import { readBytes } from '../../data/node.ts'
import {
  type ArgumentName,
  argumentNames,
  argumentReaders,
  assertNoArguments,
  type OpenedModel,
  openModel,
  openNetwork as openNetworkIn,
  parseNetwork,
} from '../../door/index.ts'
import { activationNames, type BuildOptions, widthRuleNames } from '../../models/index.ts'
import { type Network, paddingNames } from '../../nn/index.ts'
import { argument, flagName } from '../terminal/options.ts'

/** Help texts of the arguments of `build`. */
const helpOf: Readonly<Record<ArgumentName, readonly [value: string, help: string]>> = {
  width: ['<factor>', 'multiplier of all channel counts (alpha)'],
  size: ['<pixels>', 'side of the input image, or height x width: 192x256'],
  classes: ['<n>', 'number of classes'],
  widthRule: ['<name>', `which width rule to use: ${oneOf(widthRuleNames)}`],
  reduction: [
    '<factor>',
    'image size / size of the last feature map; a smaller factor turns the first strides into 1 (small images)',
  ],
  outputStride: ['<factor>', 'the same ratio; a smaller factor turns the last strides into dilation'],
  padding: ['<style>', `zero padding: ${oneOf(paddingNames)}`],
  activation: ['<name>', `replaces every activation of the table: ${oneOf(activationNames)}`],
  convolution: ['<kind>', 'separable, or standard (the twin without depthwise convolutions)'],
  se: ['<blocks>', 'squeeze-and-excitation: table, none, all, or block numbers: 3+4+5'],
  head: ['<channels>', 'channels of the last layer before the classifier'],
  dropout: ['<rate>', 'dropout rate before the classifier in training'],
}

/** Adds an option for each argument of `build` except those in `without`. */
export function addNetworkOptions(command: Command, without: readonly ArgumentName[] = []): Command {
  for (const name of argumentNames.filter((n) => !without.includes(n))) {
    const [value, help] = helpOf[name]
    command.addOption(
      new Option(`${flagName(name)} ${value}`, help).argParser(argument<unknown>(argumentReaders[name])),
    )
  }
  return command
}

/** True if `text` names a file rather than a registered network. */
const isModelFile = (text: string): boolean => text.endsWith('.safetensors') || /[/\\]/.test(text)

/** Reads the model file of a network that classifies. */
export const openModelFile = async (path: string): Promise<OpenedModel> => openModel(await readBytes(path), path)

/** Returns the network that `text` names: a registered one, or that of a model file with its weights. */
export async function openNetwork(text: string, given: BuildOptions): Promise<Network> {
  if (!isModelFile(text)) return parseNetwork(text, given)
  assertNoArguments(text, given, flagName)
  return openNetworkIn(await readBytes(text), text)
}
