/**
 * Turns a width multiplier into numbers of channels. The papers leave the rule open and the published implementations
 * differ, so each rule has a name. At width 1 all rules agree.
 */

/**
 * - `paper`: TF-slim's, the only rule that gives the costs in V3's appendix (table 9). All layers scale, the expansion is
 *   the rounded input times the table's factor, and layers after the pool keep their width. V1 rounds down, to at least 8.
 * - `timm`: V3 keeps its stem of 16 below width 0.75. V1 rounds to multiples of 8.
 * - `keras`: V3 keeps its stem of 16 at every width, widens the head above width 1, and its last convolution is six
 *   times the last block. V1 rounds down.
 * - `torchvision`: V3 scales the listed expansion, and the head at every width. V1, which torchvision lacks, is as `timm`.
 *
 * V2 and ResNet are the same in all of them.
 */
export type WidthRule = 'paper' | 'timm' | 'keras' | 'torchvision'
export const widthRuleNames: readonly WidthRule[] = ['paper', 'timm', 'keras', 'torchvision']

/**
 * Rounds `v` to the nearest multiple of `divisor`, at least `divisor`, and to the next one if that loses over a tenth.
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
