/** Checks that all parts of a graph's JSON share. */
import { assert, type Shape, showShape, size } from '../../core/index.ts'
import { limits } from './format.ts'

/** What a name must be, for errors. */
export const textRule = `non-empty text of at most ${limits.text} characters, other than __proto__`

/** Whether `value` can be a name: text of limited length, and not a property name that JavaScript reserves. */
export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= limits.text && value !== '__proto__'

/** Formats an untrusted value for an error, shortened. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

export function assertElements(shape: Shape): void {
  assert(
    shape.length <= limits.rank && size(shape) <= limits.elements,
    () => `its shape is ${showShape(shape)}: the limits are rank ${limits.rank} and ${limits.elements} elements`,
  )
}

const isDimension = (d: unknown): boolean => Number.isSafeInteger(d) && (d as number) > 0

/** Throws unless `value` is a shape within the limits. */
export function assertDimensions(value: unknown): asserts value is Shape {
  assert(
    Array.isArray(value) && value.length <= limits.rank && value.every(isDimension),
    () => `shape is ${show(value)}: it must be a list of at most ${limits.rank} positive integers`,
  )
  assertElements(value)
}
