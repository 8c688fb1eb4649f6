/** The task of `kinglet measure`: its options, the layers to measure, and the networks that check the sums. */
import { UsageError } from '../../core/index.ts'
import { labelOf, networkArguments } from '../../door/index.ts'
import { assertNetworks, drawNetworks, openSpace, planOfSpace } from '../../door/plans/node.ts'
import { planOf, type Unit, unitsOf } from '../../latency/index.ts'
import type { Network } from '../../nn/index.ts'
import { networkOf } from '../../search/index.ts'
import { openNetwork } from '../inputs/networks.ts'
import { flagName } from '../terminal/options.ts'

export interface MeasureOptions {
  readonly space?: string
  readonly out?: string
  readonly threads?: number
  readonly downTo: number
  readonly check: number
  readonly rounds: number
  readonly runs: number
  readonly seed: number
  readonly browser?: boolean
  readonly host: string
  readonly port: number
  readonly json?: boolean
}

interface Named {
  readonly name: string
  readonly model: Network
}

export interface Task {
  readonly plan: readonly Unit[]
  /** Networks to time as a whole and compare with the sums of their layers. */
  readonly checked: readonly Named[]
}

/** Builds the task from the arguments of the command. */
export async function taskOf(names: readonly string[], options: MeasureOptions): Promise<Task> {
  const given = networkArguments(options)
  const { space: name, downTo, check, seed } = options
  if (name && names.length > 0)
    throw new UsageError(`--space ${name}: it replaces network arguments, but ${names[0]} is given too: leave one out`)
  if (name) {
    const space = openSpace(name, typeof given.size === 'number' ? given.size : undefined, flagName)
    assertNetworks(space, flagName)
    const { width, ...rest } = given
    if (width !== undefined) throw new UsageError(`--width: space ${name} defines the widths: leave --width out`)
    const build = (point: Parameters<typeof networkOf>[1]) => networkOf(space, point, rest)
    return { plan: planOfSpace(space, build, seed), checked: drawNetworks(space, build, check, seed) }
  }
  if (names.length === 0)
    throw new UsageError(
      `measure: no network is given: name networks of "kinglet models" or model files, or use --space`,
    )
  const models: Network[] = []
  for (const text of names) models.push(await openNetwork(text, given))
  return {
    plan: planOf(models.flatMap(unitsOf), { downTo }),
    checked: models.slice(0, check).map((model) => ({ name: labelOf(model), model })),
  }
}
