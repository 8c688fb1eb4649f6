/**
 * How values are read from text: options of commands, arguments behind a network's name, budgets. A reader gives the
 * value, or a sentence that says what the text must be. Numbers are held to the same checks as members of options.
 */
import { type Check, checks } from './check.ts'
import { nearest, oneOf } from './errors.ts'

/** A value, or what is wrong with its text: `It must be a positive integer.` */
export type Read<T> = { readonly value: T } | { readonly problem: string }
export type Reader<T> = (text: string) => Read<T>

/** The number that `text` is, as JavaScript writes numbers; NaN for any other text, and for none. */
export const numberIn = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))

/** Reads a number that `check` accepts. */
export const readNumber =
  ({ is, must }: Check): Reader<number> =>
  (text) => {
    const value = numberIn(text)
    return is(value) ? { value } : { problem: `It must be ${must}.` }
  }

/** Reads numbers with `separator` between them, of which `accepts` takes all together. */
export const readNumbers =
  (separator: string, accepts: (numbers: readonly number[]) => boolean, must: string): Reader<number[]> =>
  (text) => {
    const value = text.split(separator).map(numberIn)
    return accepts(value) ? { value } : { problem: `It must be ${must}.` }
  }

/** Reads one of `names`; the problem of a near miss names what was probably meant. */
export const readName =
  <T extends string>(names: readonly T[]): Reader<T> =>
  (text) => {
    const value = names.find((name) => name === text)
    if (value !== undefined) return { value }
    const meant = nearest(text, names)
    return { problem: `It must be ${oneOf(names)}${meant ? ` (did you mean ${meant}?)` : ''}.` }
  }

/** Reads an amount above 0 with one of these suffixes: `30M`, `1.5 MB`. Each has how much it is. */
export const readQuantity =
  (suffixes: Readonly<Record<string, number>>, must: string): Reader<number> =>
  (text) => {
    const [, number = '', suffix = ''] = /^([\d.]+(?:e[+-]?\d+)?)\s*([a-zA-Z]*)$/.exec(text) ?? []
    const value = numberIn(number) * (Object.hasOwn(suffixes, suffix) ? suffixes[suffix] : Number.NaN)
    return checks.positive.is(value) ? { value } : { problem: `It must be ${must}.` }
  }

export const readPositiveInteger = readNumber(checks.count)
