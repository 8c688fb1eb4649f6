/**
 * An error that the user caused and can fix. Its message has the cause, both values and the way out. The command line
 * prints only the message. Any other error is a defect, and is printed with its stack.
 *
 * @example
 * ```ts
 * import { KingletError, load } from 'kinglet'
 *
 * const said = await load('nothing-here.safetensors').catch((error) => error instanceof KingletError && error.message)
 * said // => 'nothing-here.safetensors: there is no such file'
 * ```
 */
export class KingletError extends Error {
  override readonly name: string = 'KingletError'
}

/**
 * Wrong usage of a command, an option or an argument (exit code 2 on the command line).
 *
 * @example
 * ```ts
 * import { build, UsageError } from 'kinglet'
 *
 * const message = (work: () => unknown) => {
 *   try {
 *     work()
 *   } catch (error) {
 *     return error instanceof UsageError && error.message.slice(0, 54)
 *   }
 * }
 * message(() => build('mobilnet_v2')) // => 'no model mobilnet_v2 (did you mean mobilenet_v2?): use'
 * ```
 */
export class UsageError extends KingletError {
  override readonly name = 'UsageError'
}

/**
 * The loss, the weights or the outputs of a training are no longer finite. A search counts the network as failed and
 * continues.
 *
 * @example
 * ```ts
 * import { DivergedError, KingletError } from 'kinglet/core'
 *
 * new DivergedError('train: the loss is NaN') instanceof KingletError // => true
 * ```
 */
export class DivergedError extends KingletError {
  override readonly name = 'DivergedError'
}

/** Throws a {@link KingletError} with `message` unless `condition` holds. */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new KingletError(typeof message === 'function' ? message() : message)
}

/** Formats a list for an error: `a, b or c`. */
export const oneOf = (names: Iterable<string>): string => {
  const all = [...names]
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all[all.length - 1]}`
}

/** The name in `known` that is nearest to `wrong`, for "did you mean"; undefined when none is near. */
export function nearest(wrong: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(wrong.length / 3)) + 1
  for (const name of known) {
    const d = editDistance(wrong.toLowerCase(), name.toLowerCase())
    if (d < bestDistance) [best, bestDistance] = [name, d]
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]
}
