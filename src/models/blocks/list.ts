/** The list of all operators of tables. An operator that is not in it does not exist. */
import { bneck } from './bneck.ts'
import { conv, linear, maxPool, pool } from './layers.ts'
import { basic, bottleneck } from './resnet.ts'
import { separable } from './separable.ts'

export const list = [conv, separable, bneck, basic, bottleneck, maxPool, pool, linear] as const
