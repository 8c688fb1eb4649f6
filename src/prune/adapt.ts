/**
 * NetAdapt: Yang et al. 2018, arXiv:1804.03230, algorithm 1. It shrinks a trained network until it meets a budget. In each
 * step every proposal shrinks one group of channels until the network has saved the step's share of the resource. The
 * proposal is then fine-tuned for some steps and judged on held-out images. The best proposal is the next network. Each
 * step's network is a point on a curve of accuracy against the resource. `fit` does the long fine-tuning at the end. A
 * budget that cannot be met is refused before anything is trained.
 *
 * The result of a run depends only on network, data, options and seed, wherever the run was interrupted.
 */
import { assert, DivergedError, KingletError, key, Rng, turn } from '../core/index.ts'
import { type Dataset, splitDataset, subset } from '../data/index.ts'
import { countsOf } from '../graph/index.ts'
import { calledOf, type Network } from '../nn/index.ts'
import { assertSuits, evaluate, fit, type TrainStep } from '../train/index.ts'
import { countsBelow, type Proposal, proposalsFor, smallest } from './counts.ts'
import { type AdaptOptions, type AdaptPlan, planOf } from './options.ts'
import type { Candidate } from './rules.ts'
import { shrink } from './shrink.ts'
import type { AdaptPoint, Judged, Tuned } from './store.ts'

/** An event of a run. `at` counts a step's proposals from 1. */
export type AdaptEvent<N extends Network = Network> =
  /** The known points: that of the given network, and those of a resumed run. */
  | { readonly kind: 'begun'; readonly points: readonly AdaptPoint[]; readonly model: N }
  /** A step of fine-tuning. */
  | (Place & { readonly kind: 'trying'; readonly proposal: Proposal; readonly training: TrainStep })
  | (Place & { readonly kind: 'tried'; readonly candidate: Candidate })
  /** A proposal is dropped, since its fine-tuning diverged to numbers that are not finite. */
  | (Place & { readonly kind: 'diverged'; readonly proposal: Proposal; readonly reason: string })
  /** A step is done. */
  | {
      readonly kind: 'step'
      readonly point: AdaptPoint
      readonly model: N
      readonly candidates: readonly Candidate[]
    }

interface Place {
  readonly step: number
  readonly at: number
  readonly of: number
}

/**
 * Adapts a trained network until it meets the budget, and yields an event for each step. The model of the last `begun` or
 * `step` event is the result. `model` does not change. A part of `train` is held out to judge proposals.
 *
 * Throws a `UsageError` for invalid options. Throws a `KingletError` for a budget that the smallest network exceeds or
 * that the pace never reaches, and when data and network do not fit together. Throws the signal's reason once `signal` is
 * aborted.
 *
 * @example
 * ```ts
 * import { arrays, preprocessingPreset } from 'kinglet/data'
 * import { analyse, referenceEngine } from 'kinglet/graph'
 * import { build } from 'kinglet/models'
 * import { adapt } from 'kinglet/search'
 *
 * const pixels = new Uint8Array(8 * 64).map((_, i) => (i < 4 * 64 ? i % 100 : 255 - (i % 100)))
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1]
 * const train = arrays({ width: 8, height: 8, channels: 1, pixels, labels, classes: ['dark', 'light'] })
 * const net = build('mobilenet_v1', { width: 0.1, size: 8, reduction: 4, classes: 2 })
 * const macs = { name: 'macs', value: (model: typeof net) => analyse(model.graph()).total.macs, monotone: true }
 * const budget = 0.9 * macs.value(net)
 * const options = { engine: referenceEngine(), preprocessing: preprocessingPreset('whole', 8), resource: macs, budget }
 * let result = net
 * for await (const event of adapt(net, train, { ...options, steps: 0, holdout: 0.5, pace: { name: 'fixed', delta: 0.1 } }))
 *   if (event.kind === 'step') result = event.model
 * macs.value(result) <= budget // => true
 * ```
 */
export function adapt<N extends Network>(
  model: N,
  train: Dataset,
  options: AdaptOptions,
): AsyncGenerator<AdaptEvent<N>, void, undefined> {
  const plan = planOf(model, train, options)
  assertSuits(model, train, options.preprocessing, 'adapt')
  assertCanBeMet(model, plan)
  // A smaller network has the type of the given one: shrinking a registry network keeps its rows.
  const events = steps({ model, plan, parts: splitDataset(train, plan.holdout, plan.seed) })
  return events as AsyncGenerator<AdaptEvent<N>, void, undefined>
}

function assertCanBeMet(model: Network, { options, limits, groupsIn, cut, identity }: AdaptPlan): void {
  const { resource, budget } = options
  const start = resource.value(model)
  if (start <= budget) return
  assert(
    groupsIn(model).length > 0,
    () =>
      `adapt: ${calledOf(model)} has no group that proposals ${identity.options.proposals} can shrink: use ` +
      'proposals filters',
  )
  const name = calledOf(model)
  assert(
    start < Number.POSITIVE_INFINITY,
    () => `adapt: ${name} has no value for ${resource.name}: measure its layers, or use another resource`,
  )
  const lowest = smallest(model, groupsIn, resource, limits)
  const least = resource.value(lowest)
  // The resource has no value for any smaller count that is left.
  const isWhole = groupsIn(lowest).every((group) => countsBelow(group, limits).length === 0)
  assert(
    least <= budget,
    () =>
      `adapt: a budget of ${budget} ${resource.name} cannot be met: ${calledOf(model)} has ${start}, and ` +
      `${least} with every group at its smallest ${isWhole ? '' : 'that has a value '}(multiples of ${limits.multiple}, ` +
      `${limits.least} or more): raise the budget${isWhole ? '' : ', or measure smaller counts too (kinglet measure --down-to)'}`,
  )
  // 10000 is far more steps than a run could have: a pace that has not reached the budget by then never does.
  let whole = 0
  for (let step = 1; step <= 10_000 && whole < start - budget; step++) whole += cut(start, step)
  assert(
    whole >= start - budget * (1 + 1e-9),
    () =>
      `adapt: a budget of ${budget} ${resource.name} is ${start - budget} below the ${start} of ` +
      `${calledOf(model)}, the pace cuts ${Number(whole.toPrecision(6))} at most: use pace fixed, or a larger ` +
      'delta or decay',
  )
}

interface Run {
  readonly model: Network
  readonly plan: AdaptPlan
  readonly parts: { readonly train: Dataset; readonly val: Dataset }
}

async function* steps(run: Run): AsyncGenerator<AdaptEvent, void, undefined> {
  const { plan, parts } = run
  const { resource, budget, preprocessing, store, signal } = plan.options
  signal?.throwIfAborted()
  const kept = await store?.begin({
    ...{ identity: plan.identity, classes: parts.train.classes, preprocessing },
    ...{ images: parts.train.length, heldOut: parts.val.length },
  })
  let model = kept?.model ?? run.model
  const points = [...(kept?.points ?? [])]
  if (points.length === 0) {
    const first = pointOf(0, model, resource.value(model), await judge(run, model))
    await store?.point(first, model)
    points.push(first)
  }
  yield { kind: 'begun', points: [...points], model }
  const start = points[0].resource
  for (let last = points[points.length - 1]; last.resource > budget; ) {
    const step = last.step + 1
    const target = Math.max(budget, last.resource - plan.cut(start, step))
    await turn()
    signal?.throwIfAborted()
    const groups = plan.groupsIn(model)
    const proposals = proposalsFor(model, groups, resource, { now: last.resource, target }, plan.limits)
    if (proposals.length === 0)
      throw new KingletError(
        `adapt: no single group reduces the ${last.resource} ${resource.name} of step ${last.step}, the budget is ` +
          `${budget}: raise it, or use other proposals`,
      )
    const trials = new Map<Candidate, Network>()
    for (const [i, proposal] of proposals.entries()) {
      const place = { step, at: i + 1, of: proposals.length }
      const { group, count: to, resource } = proposal
      const trial = (await store?.tried(step, group.name)) ?? (yield* tuned(run, model, proposal, place))
      if (!trial) continue
      const { accuracy, loss } = trial
      const candidate = { group: group.name, kind: group.kind, from: group.count, to, resource, accuracy, loss }
      trials.set(candidate, trial.model)
      yield { kind: 'tried', ...place, candidate }
      signal?.throwIfAborted()
    }
    const candidates = [...trials.keys()]
    assert(
      candidates.length > 0,
      () =>
        `adapt: all ${proposals.length} proposals of step ${step} diverged: use a lower learningRate, or clipNorm: 1`,
    )
    const chosen = plan.select(candidates, last)
    const next = trials.get(chosen)
    assert(
      next,
      () => `adapt: selection ${plan.identity.options.selection} chose no candidate: return one of those given`,
    )
    const { resource: uses, accuracy, loss, group, kind, from, to } = chosen
    last = { ...pointOf(step, next, uses, { accuracy, loss }), shrunk: { group, kind, from, to } }
    model = next
    await store?.point(last, model)
    yield { kind: 'step', point: last, model, candidates }
  }
}

function pointOf(step: number, model: Network, resource: number, { accuracy, loss }: Judged): AdaptPoint {
  const { macs, parameters } = countsOf(model.graph())
  return { step, resource, accuracy, loss, macs, parameters }
}

async function judge({ plan, parts }: Run, model: Network): Promise<Judged> {
  const { engine, preprocessing, pool, signal } = plan.options
  const { top1, loss } = await evaluate(model, parts.val, {
    ...{ engine, preprocessing },
    ...(pool && { pool }),
    ...(signal && { signal }),
  })
  return { accuracy: top1, loss }
}

/** Fine-tunes a proposal, judges it and stores the result. Returns undefined when it diverged. */
async function* tuned(
  run: Run,
  from: Network,
  proposal: Proposal,
  place: Place,
): AsyncGenerator<AdaptEvent, Tuned | undefined, undefined> {
  try {
    return yield* tunedToTheEnd(run, from, proposal, place)
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error
    yield { kind: 'diverged', ...place, proposal, reason: error.message }
    return undefined
  }
}

async function* tunedToTheEnd(
  run: Run,
  from: Network,
  proposal: Proposal,
  place: Place,
): AsyncGenerator<AdaptEvent, Tuned, undefined> {
  const { plan, parts } = run
  const { engine, preprocessing, pool, store, signal } = plan.options
  const { step } = place
  const { name } = proposal.group
  const model = shrink(from, proposal.group, proposal.count)
  if (plan.steps > 0) {
    // All proposals of a step see the same images in the same order.
    const seed = key(plan.seed, step)
    const tuning = store?.tuning(step, name)
    const training = fit(
      model,
      { train: rounds(parts.train, plan.steps * plan.batch, seed) },
      {
        ...plan.learning,
        ...{ engine, preprocessing, batch: plan.batch, epochs: 1, seed },
        ...(pool && { pool }),
        ...(tuning && { store: tuning }),
        ...(signal && { signal }),
      },
    )
    for await (const training_ of training) yield { kind: 'trying', ...place, proposal, training: training_ }
  }
  const trial = { model, ...(await judge(run, model)) }
  await store?.trial(step, name, trial)
  return trial
}

/** One epoch of `images` images: as many rounds over the set as that takes, each in a different order. */
function rounds(set: Dataset, images: number, seed: number): Dataset {
  const indices = new Uint32Array(images)
  for (let at = 0, round = 0; at < images; round++) {
    const order = new Rng(key(seed, round)).permutation(set.length).subarray(0, images - at)
    indices.set(order, at)
    at += order.length
  }
  return subset(set, indices)
}
