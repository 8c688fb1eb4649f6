/** Checks of single values, by name: `checks.count`. */
import type { Check } from './check.ts'
import { isNumber } from './numbers.ts'

export const number: Check = { is: isNumber, must: 'a number' }
export const integer: Check = { is: (n) => Number.isSafeInteger(n), must: 'an integer' }
export const count: Check = { is: (n) => Number.isSafeInteger(n) && Number(n) > 0, must: 'a positive integer' }
export const whole: Check = { is: (n) => Number.isSafeInteger(n) && Number(n) >= 0, must: 'a whole number, 0 or more' }
export const positive: Check = { is: (n) => isNumber(n) && n > 0, must: 'a number above 0' }
export const nonNegative: Check = { is: (n) => isNumber(n) && n >= 0, must: 'a number, 0 or more' }
export const share: Check = { is: (n) => isNumber(n) && n >= 0 && n < 1, must: 'a number of at least 0 and below 1' }
export const fraction: Check = { is: (n) => isNumber(n) && n >= 0 && n <= 1, must: 'a number from 0 to 1' }
/** A share of something: more than nothing, less than all. */
export const properShare: Check = { is: (n) => isNumber(n) && n > 0 && n < 1, must: 'a number between 0 and 1' }
export const odd: Check = {
  is: (n) => Number.isSafeInteger(n) && Number(n) > 0 && Number(n) % 2 === 1,
  must: 'a positive odd integer',
}
export const text: Check = { is: (t) => typeof t === 'string', must: 'text' }
export const flag: Check = { is: (b) => typeof b === 'boolean', must: 'true or false' }
/** Not checked here: the code that uses the value checks it. */
export const given: Check = { is: () => true, must: '' }
