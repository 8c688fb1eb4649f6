/**
 * How a width multiplier becomes numbers of channels. The papers leave it open and the published implementations
 * differ, so each rule has a name; at width 1 they agree.
 */

/**
 * - `paper`: TF-slim's, the only one that gives the costs of V3's appendix (table 9): all layers scale, expansion is
 *   the rounded input times the table's factor, layers after the pool keep their width. V1 rounds down, to at least 8.
 * - `timm`: V3 keeps its stem of 16 below width 0.75. V1 rounds to multiples of 8.
 * - `keras`: V3 keeps its stem of 16 at every width, widens the head above width 1, and its last convolution is six
 *   times the last block. V1 rounds down.
 * - `torchvision`: V3 scales the listed expansion, and the head at every width. V1 (which it does not have) as `timm`.
 *
 * V2 and ResNet are the same in all of them.
 */
export type WidthRule = 'paper' | 'timm' | 'keras' | 'torchvision'
export const widthRuleNames: readonly WidthRule[] = ['paper', 'timm', 'keras', 'torchvision']

/**
 * The multiple of `divisor` nearest to `v`: at least `divisor`, and one more where rounding down lost over a tenth.
 *
 * @example
 * ```ts
 * import { makeDivisible } from 'kinglet/models'
 * [32, 24, 16].map((c) => makeDivisible(c * 0.35)) // => [16, 8, 8]
 * ```
 */
export function makeDivisible(v: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor((v + divisor / 2) / divisor) * divisor)
  return rounded < 0.9 * v ? rounded + divisor : rounded
}
