/** `kinglet predict`: classifies images. */
import { Option } from 'commander'
import { KingletError } from '../../core/index.ts'
import { load } from '../../index.ts'
import { percent } from '../../report/index.ts'
import { abortable } from '../terminal/interrupt.ts'
import {
  addEngineOptions,
  addJsonOption,
  type CommandDefinition,
  type EngineOptions,
  positiveInteger,
} from '../terminal/options.ts'
import { paint } from '../terminal/terminal.ts'

interface PredictOptions extends EngineOptions {
  readonly top: number
  readonly json?: boolean
}

type Answer = { readonly label: string; readonly score: number }

/** One line per answer: the label, and the score in an aligned column. */
export function answerLines(answers: readonly Answer[]): string[] {
  const wide = Math.max(...answers.map((a) => a.label.length))
  return answers.map(({ label, score }) => `  ${label.padEnd(wide)}  ${percent(score, 1).padStart(7)}`)
}

export const predictCommand: CommandDefinition = {
  name: 'predict',
  describe: (command, io) =>
    addJsonOption(addEngineOptions(command))
      .description('Classify images.')
      .argument('<model>', 'a model file')
      .argument('<images...>', 'image files: JPEG, PNG, WebP, AVIF, GIF')
      .addOption(new Option('--top <n>', 'answers per image').argParser(positiveInteger).default(5))
      .addHelpText(
        'after',
        `
An image that cannot be read is reported. The others are still classified, and the exit code is 1.

Example:
  kinglet predict run/model.safetensors photo.jpg other.png`,
      )
      .action(async (path: string, images: string[], options: PredictOptions) => {
        const { engine, threads, deterministic, top, json } = options
        const refused: string[] = []
        const found: { image: string; answers: readonly Answer[] }[] = []
        await abortable(io, async (signal) => {
          using model = await load(path, { engine, threads, deterministic, signal })
          for (const image of images) {
            try {
              const answers = await model.classify(image, { top: Math.min(top, model.classes.length), signal })
              found.push({ image, answers })
              if (!json)
                io.stdout.write(`${[paint(io, io.stdout, 'bold', image), ...answerLines(answers), ''].join('\n')}`)
            } catch (error) {
              if (!(error instanceof KingletError)) throw error
              refused.push(error.message)
            }
          }
        })
        if (json) io.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`)
        if (refused.length > 0) throw new KingletError(refused.join('\n'))
      }),
}
