/**
 * Readers of values in text: options of commands, arguments after a network's name, budgets. A reader returns the
 * value, or a sentence that says what the text must be. Numbers pass the same checks as members of options.
 */
import type { Check } from './check.ts'
import * as checks from './checks.ts'
import { nearest, oneOf } from './errors.ts'

/** A value, or the problem of its text: `It must be a positive integer.` */
export type Read<T> = { readonly value: T } | { readonly problem: string }
export type Reader<T> = (text: string) => Read<T>

/** Parses all of `text` as a JavaScript number. Returns NaN for any other text, also for an empty one. */
export const numberIn = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))

/** Reads a number that `check` accepts. */
export const readNumber =
  ({ is, must }: Check): Reader<number> =>
  (text) => {
    const value = numberIn(text)
    return is(value) ? { value } : { problem: `It must be ${must}.` }
  }

/** Reads numbers between `separator`s. `accepts` checks the list. */
export const readNumbers =
  (separator: string, accepts: (numbers: readonly number[]) => boolean, must: string): Reader<number[]> =>
  (text) => {
    const value = text.split(separator).map(numberIn)
    return accepts(value) ? { value } : { problem: `It must be ${must}.` }
  }

/** Reads one of `names`. The problem of a similar name suggests the nearest. */
export const readName =
  <T extends string>(names: readonly T[]): Reader<T> =>
  (text) => {
    const value = names.find((name) => name === text)
    if (value !== undefined) return { value }
    const meant = nearest(text, names)
    return { problem: `It must be ${oneOf(names)}${meant ? ` (did you mean ${meant}?)` : ''}.` }
  }

/** Reads an amount above 0 with one of these suffixes: `30M`, `1.5 MB`. `suffixes` has the factor of each. */
export const readQuantity =
  (suffixes: Readonly<Record<string, number>>, must: string): Reader<number> =>
  (text) => {
    const [, number = '', suffix = ''] = /^([\d.]+(?:e[+-]?\d+)?)\s*([a-zA-Z]*)$/.exec(text) ?? []
    const value = numberIn(number) * (Object.hasOwn(suffixes, suffix) ? suffixes[suffix] : Number.NaN)
    return checks.positive.is(value) ? { value } : { problem: `It must be ${must}.` }
  }

export const readPositiveInteger = readNumber(checks.count)
