/** The gradient of depthwise convolution with respect to x: the loop of depthwise.ts, backwards. */
import { walkWindows } from './depthwise.ts'
import { epilogueOf } from './epilogue.ts'
import type { Family } from './kernel.ts'

export const depthwiseDx: Family = (v, target) => walkWindows(v, target, epilogueOf(v), true)
