/** Networks as a command is given them: one of the registry, with arguments as options, or a model file. */
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
  parseNetwork,
} from '../../door/index.ts'
import { activationNames, type BuildOptions, widthRuleNames } from '../../models/index.ts'
import { type Network, paddingNames } from '../../nn/index.ts'
import { argument, flagName } from '../terminal/options.ts'

/** How help shows arguments of `build`. */
const helpOf: Readonly<Record<ArgumentName, readonly [value: string, help: string]>> = {
  width: ['<factor>', 'multiplier of all channels (alpha)'],
  size: ['<pixels>', 'side of an image, or height x width: 192x256'],
  classes: ['<n>', 'number of classes'],
  widthRule: ['<name>', `whose reading of width: ${oneOf(widthRuleNames)}`],
  reduction: [
    '<factor>',
    'how many times smaller the last feature map is than the image (first strides become 1, for small images)',
  ],
  outputStride: ['<factor>', 'the same, where later strides become dilation'],
  padding: ['<style>', `zeros around images: ${oneOf(paddingNames)}`],
  activation: ['<name>', `in place of every activation of the table: ${oneOf(activationNames)}`],
  convolution: ['<kind>', 'separable, or standard for the twin without depthwise convolutions'],
  se: ['<blocks>', 'squeeze-and-excitation: table, none, all, or numbers of blocks: 3+4+5'],
  head: ['<channels>', 'channels of the last layer before the classifier'],
  dropout: ['<rate>', 'probability of dropping before the classifier in training'],
}

/** Adds options for all arguments of `build` except `without`. */
export function addNetworkOptions(command: Command, without: readonly ArgumentName[] = []): Command {
  for (const name of argumentNames.filter((n) => !without.includes(n))) {
    const [value, help] = helpOf[name]
    command.addOption(
      new Option(`${flagName(name)} ${value}`, help).argParser(argument<unknown>(argumentReaders[name])),
    )
  }
  return command
}

/** True for what names a file rather than a network of the registry. */
const isModelFile = (text: string): boolean => text.endsWith('.safetensors') || /[/\\]/.test(text)

/** Reads a model file; its network has the weights. */
export const openModelFile = async (path: string): Promise<OpenedModel> => openModel(await readBytes(path), path)

/** The network that `text` names: one of the registry, or the one in a model file, with its weights. */
export async function openNetwork(text: string, given: BuildOptions): Promise<Network> {
  if (!isModelFile(text)) return parseNetwork(text, given)
  assertNoArguments(text, given, flagName)
  return (await openModelFile(text)).network
}
