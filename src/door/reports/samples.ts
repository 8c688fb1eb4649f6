/** Selects a few images of a set with a network's answers, both correct ones and mistakes. */
import type { Tensor } from '../../core/index.ts'
import { type Dataset, type LoaderPool, loader, type Preprocessing, subset } from '../../data/index.ts'
import type { Engine } from '../../engine/index.ts'
import type { Network } from '../../nn/index.ts'

export interface Sample {
  /** Index into the set. */
  readonly index: number
  readonly truth: string
  /** Best first. */
  readonly answers: readonly { readonly label: string; readonly score: number }[]
}

export interface SampleOptions {
  readonly engine: Engine
  readonly preprocessing: Preprocessing
  readonly pool?: LoaderPool
  readonly signal?: AbortSignal
  /** Answers per image. */
  readonly top: number
}

/** Upper bound for the images that are classified to find mistakes. */
const mostLookedAt = 200

/** Returns the indices of at most `most` images, taken from each class in turn. */
export function acrossClasses(data: Dataset, most: number): number[] {
  const byClass: number[][] = data.classes.map(() => [])
  for (let i = 0; i < data.length; i++) byClass[data.label(i)].push(i)
  const found: number[] = []
  for (let turn = 0; found.length < Math.min(most, data.length); turn++)
    for (const images of byClass) if (turn < images.length && found.length < most) found.push(images[turn])
  return found
}

/** Returns the `top` best answers for row `i` of the logits. */
function answersOf(logits: Tensor, i: number, classes: readonly string[], top: number): Sample['answers'] {
  const row = Array.from(logits.data.subarray(i * classes.length, (i + 1) * classes.length), Number)
  const highest = Math.max(...row)
  const parts = row.map((v) => Math.exp(v - highest))
  const sum = parts.reduce((a, b) => a + b)
  return parts
    .map((part, k) => ({ label: classes[k], score: part / sum }))
    .sort((a, b) => b.score - a.score)
    .slice(0, top)
}

/** Returns the answers of `net` for some images of `data`, taken from each class in turn. */
export async function answerSamples(net: Network, data: Dataset, options: SampleOptions): Promise<Sample[]> {
  const { engine, preprocessing, pool, signal, top } = options
  const indices = acrossClasses(data, mostLookedAt)
  const batch = Math.min(50, indices.length)
  using program = await engine.compile(net.graph(batch), { weights: net.weights, freeze: true })
  const samples: Sample[] = []
  const batches = loader(subset(data, indices), {
    batch,
    preprocessing,
    ...(pool && { pool }),
    ...(signal && { signal }),
  })
  for await (const { x, labels, indices: at } of batches) {
    const { logits } = await program.run({ x })
    for (const [i, label] of labels.entries())
      samples.push({
        index: indices[at[i]],
        truth: data.classes[label],
        answers: answersOf(logits, i, data.classes, top),
      })
  }
  return samples
}

const isMistake = ({ truth, answers }: Sample): boolean => answers[0].label !== truth

/**
 * Returns the first `most` samples, and at most as many mistakes among the others, those with the highest scores first.
 */
export function selectSamples(samples: readonly Sample[], most: number): Sample[] {
  const first = samples.slice(0, most)
  const mistakes = samples.slice(most).filter(isMistake)
  return [...first, ...mistakes.sort((a, b) => b.answers[0].score - a.answers[0].score).slice(0, most)]
}
