/**
 * Decides how far a group shrinks: to the largest count with which the network meets a step's target (NetAdapt,
 * arXiv:1804.03230, section 3.2: "how many filters"). Fewer channels never have more multiply-adds, so counts are bisected
 * for a monotone resource. A measured latency may rise with fewer channels, so each count is tried, the largest first.
 */
import type { Resource } from '../latency/index.ts'
import type { Network } from '../nn/index.ts'
import type { Group } from './groups.ts'
import { resized } from './shrink.ts'

/** Which counts of channels are allowed. */
export interface CountLimits {
  /** Counts are multiples of this. */
  readonly multiple: number
  /** The smallest count. */
  readonly least: number
}

/** A group and the count to shrink it to. */
export interface Proposal {
  readonly group: Group
  readonly count: number
  /** What the network then uses. */
  readonly resource: number
}

/** The counts that a group may shrink to, the largest first. */
export function countsBelow({ count, apart }: Group, { multiple, least }: CountLimits): number[] {
  const counts: number[] = []
  for (let n = Math.floor((count - 1) / multiple) * multiple; n >= Math.max(least, 1); n -= multiple)
    if (!apart.includes(n)) counts.push(n)
  return counts
}

/** Proposes the largest count that meets `target`, or the cheapest when none does; undefined if the group cannot shrink. */
function propose(
  model: Network,
  group: Group,
  resource: Resource,
  target: number,
  limits: CountLimits,
): Proposal | undefined {
  const counts = countsBelow(group, limits)
  const at = (count: number): Proposal => ({ group, count, resource: resource.value(resized(model, group, count)) })
  if (counts.length === 0) return undefined
  if (resource.monotone) {
    let [low, high] = [0, counts.length - 1]
    let found = at(counts[high])
    while (low < high) {
      const middle = (low + high) >> 1
      const tried = at(counts[middle])
      if (tried.resource <= target) [high, found] = [middle, tried]
      else low = middle + 1
    }
    return found
  }
  let cheapest: Proposal | undefined
  for (const count of counts) {
    const tried = at(count)
    if (tried.resource <= target) return tried
    if (!cheapest || tried.resource < cheapest.resource) cheapest = tried
  }
  return cheapest
}

/**
 * Returns one proposal for each group that can meet `target` alone. If none can (all are close to their smallest count), it
 * returns the cheapest proposal of each group that uses less than `now`: the run continues in smaller steps.
 */
export function proposalsFor(
  model: Network,
  groups: readonly Group[],
  resource: Resource,
  { now, target }: { readonly now: number; readonly target: number },
  limits: CountLimits,
): Proposal[] {
  const all = groups
    .map((group) => propose(model, group, resource, target, limits))
    .filter((p) => p !== undefined)
    .filter((p) => p.resource < now)
  const meeting = all.filter((p) => p.resource <= target)
  return meeting.length > 0 ? meeting : all
}

/**
 * Returns the network with every group of `groupsIn` at its smallest count for which `resource` has a value. Its weights
 * are not meaningful.
 */
export function smallest<N extends Network>(
  model: N,
  groupsIn: (model: N) => readonly Group[],
  resource: Resource,
  limits: CountLimits,
): N {
  // Expansions last: the channels between blocks cost more.
  const order = ({ kind }: Group) => Number(kind === 'expansion')
  for (let now = model; ; ) {
    let next: N | undefined
    for (const group of [...groupsIn(now)].sort((a, b) => order(a) - order(b))) {
      next = lowest(now, group, resource, limits)
      if (next) break
    }
    if (!next) return now
    now = next
  }
}

function lowest<N extends Network>(model: N, group: Group, resource: Resource, limits: CountLimits): N | undefined {
  for (const count of countsBelow(group, limits).reverse()) {
    const found = resized(model, group, count)
    if (resource.value(found) < Number.POSITIVE_INFINITY) return found
  }
  return undefined
}
