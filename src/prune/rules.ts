/**
 * The rules of NetAdapt that a caller chooses by name: which groups are proposed, which proposal wins, and how much each
 * step cuts. The caller can pass a function in place of each name.
 */
import { assertOptions, checks, nearest, oneOf, UsageError } from '../core/index.ts'
import type { Network } from '../nn/index.ts'
import { type Group, type GroupKind, groupsOf } from './groups.ts'

/** A proposal after its short-term fine-tuning. */
export interface Candidate {
  /** Name of the group. */
  readonly group: string
  readonly kind: GroupKind
  /** Numbers of channels before and after. */
  readonly from: number
  readonly to: number
  readonly resource: number
  /** Top-1 accuracy on the held-out images, from 0 to 1; `loss` is the mean cross-entropy on them. */
  readonly accuracy: number
  readonly loss: number
}

/** Returns which of a network's groups may be proposed. */
export type ProposalRule = (groups: readonly Group[], model: Network) => readonly Group[]
/** Returns the candidate that wins. `before` is the network that the candidates were shrunk from. */
export type SelectionRule = (
  candidates: readonly Candidate[],
  before: Pick<Candidate, 'accuracy' | 'resource' | 'loss'>,
) => Candidate
/** Returns by how much step `step` (from 1) cuts the resource. `start` is what the given network uses. */
export type PaceRule = (start: number, step: number) => number

/** `filters`: every group, as in NetAdapt. `v3`: expansions, and bottlenecks in all blocks that share them. */
export type ProposalName = 'filters' | 'v3'
const proposals: Record<ProposalName, ProposalRule> = {
  filters: (groups) => groups,
  // Howard et al. 2019, arXiv:1905.02244, section 4.2.
  v3: (groups) => groups.filter(({ kind }) => kind !== 'layer'),
}

/** The candidate with the highest score. Ties go to the lower loss, then to the first. */
const best = (candidates: readonly Candidate[], score: (c: Candidate) => number): Candidate =>
  candidates.reduce((a, b) => (score(b) > score(a) || (score(b) === score(a) && b.loss < a.loss) ? b : a))

/**
 * `accuracy`: the highest accuracy (the paper). `ratio`: the least accuracy lost per resource saved (the authors' code,
 * and V3).
 */
export type SelectionName = 'accuracy' | 'ratio'
const selections: Record<SelectionName, SelectionRule> = {
  accuracy: (candidates) => best(candidates, (c) => c.accuracy),
  ratio: (candidates, before) =>
    best(candidates, (c) => (c.accuracy - before.accuracy) / (before.resource - c.resource)),
}

/**
 * `fixed`: every step cuts the same amount. `decay`: step i cuts the first step's amount times `decay` to the power of
 * i - 1 (the authors' code, 0.96). The first step cuts the share `delta` of what the given network uses.
 */
export type PaceName = 'fixed' | 'decay'
export interface Pace {
  readonly name: PaceName
  /** Default 0.025. */
  readonly delta?: number
  /** For the pace `decay`. Default 0.96. */
  readonly decay?: number
}

const named = <T>(what: string, name: string, table: Readonly<Record<string, T>>): T => {
  if (Object.hasOwn(table, name)) return table[name]
  const meant = nearest(name, Object.keys(table))
  throw new UsageError(
    `adapt: there is no ${what} ${name}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(Object.keys(table))}`,
  )
}

export const proposalNames = Object.keys(proposals) as readonly ProposalName[]
export const selectionNames = Object.keys(selections) as readonly SelectionName[]
export const paceNames: readonly PaceName[] = ['fixed', 'decay']

/** The groups of a network that are proposed, which may be none. */
export function proposalRuleOf(given: ProposalName | ProposalRule): (model: Network) => readonly Group[] {
  const rule = typeof given === 'function' ? given : named('kind of proposals', given, proposals)
  return (model) => rule(groupsOf(model), model)
}

export const selectionRuleOf = (given: SelectionName | SelectionRule): SelectionRule =>
  typeof given === 'function' ? given : named('selection', given, selections)

/** The pace with its defaults filled in, and its function. */
export function paceOf(given: PaceName | Pace | PaceRule): { readonly said: object | string; readonly rule: PaceRule } {
  if (typeof given === 'function') return { said: nameOf(given), rule: given }
  const { name, ...options } = typeof given === 'string' ? { name: given } : given
  const isDecay = named('pace', name, { fixed: false, decay: true })
  assertOptions(`adapt: pace ${name}`, options, {
    delta: checks.properShare,
    ...(isDecay && { decay: checks.properShare }),
  })
  const { delta = 0.025, decay = 0.96 } = options as Pace
  return isDecay
    ? { said: { name, delta, decay }, rule: (start, step) => start * delta * decay ** (step - 1) }
    : { said: { name, delta }, rule: (start) => start * delta }
}

/** The name of a rule in a run's options; a caller's function has its own name there. */
export const nameOf = (rule: string | ((...args: never[]) => unknown)): string =>
  typeof rule === 'string' ? rule : rule.name || 'own'
