export {
  assertOptions,
  atLeast,
  between,
  type Check,
  type Checks,
  integerBetween,
  isObject,
  multipleOf,
  named,
} from './check.ts'
export * as checks from './checks.ts'
export * from './dtype.ts'
export * from './errors.ts'
export { type Quartiles, quartiles } from './quartiles.ts'
export * from './queue.ts'
export { kendallTau, ranksOf, spearman } from './ranks.ts'
export {
  numberIn,
  type Read,
  type Reader,
  readName,
  readNumber,
  readNumbers,
  readPositiveInteger,
  readQuantity,
} from './read.ts'
export * from './rng.ts'
export * from './shape.ts'
export * from './tensor.ts'
export * from './timer.ts'
export { turn } from './turn.ts'
export { version } from './version.ts'
