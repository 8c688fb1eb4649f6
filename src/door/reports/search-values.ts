/** Formats values of a search. */
import { resourceNames, showResource } from '../../latency/index.ts'
import { percent } from '../../report/index.ts'
import type { Objective, Reward, Study } from '../../search/index.ts'

/** Formats a reward: `accuracy x (latency / 2.0 ms)^w, w -0.07 below and -0.07 above`. */
export function showReward({ options }: Study['algorithm']): string | undefined {
  const { reward } = options as { readonly reward?: Reward }
  if (reward?.kind !== 'mnasnet') return reward && JSON.stringify(reward.weights)
  const { value, cost, target, alpha, beta = alpha } = reward
  const unit = resourceNames.find((own) => own === cost)
  return `${value} x (${cost} / ${unit ? showResource(unit, target) : target})^w, w ${alpha} below and ${beta} above`
}

/** Formats a value of an objective: accuracies in per cent, resources with their unit. */
export function showObjective({ name }: Objective, value: number): string {
  const resource = resourceNames.find((own) => own === name)
  if (resource) return showResource(resource, value)
  return name === 'accuracy' ? percent(value) : String(Number(value.toPrecision(6)))
}
