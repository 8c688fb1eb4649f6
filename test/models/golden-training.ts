/**
 * The golden comparison of training, in four parts, since one activation within rounding of a kink of ReLU or h-swish
 * makes gradients that differ by more than 1e-3 between any two float32 programs (README beside the fixtures):
 * - our oracles in double precision give the golden losses, gradients and logits after training;
 * - an engine gives the golden loss from the weights of that run at each step;
 * - its gradients are those of the oracles in double precision with its own masks, which differ from theirs only at the
 *   kinks;
 * - it trains by itself, where losses repeat in float32.
 */
import { expect } from 'vitest'
import { size, type Tensor, tensor } from '../../src/core/index.ts'
import type { Engine } from '../../src/engine/index.ts'
import { type Graph, gradients, parametersOf, topological, type Weights } from '../../src/graph/index.ts'
import type { Model } from '../../src/models/index.ts'
import {
  add,
  contractOf,
  crossEntropy,
  greater,
  input,
  mul,
  parameter,
  sub,
  subOp,
  type Value,
} from '../../src/ops/index.ts'
import { doubleEngine } from './double.ts'
import {
  images,
  largestError,
  modelOf,
  nameIn,
  norm,
  type Precision,
  rms,
  type TrainCase,
  targets,
  uniform,
} from './golden.ts'
import type { Errors } from './golden-cases.ts'
import { torchOrder } from './torch-names.ts'

const batchOf = (c: TrainCase, precision: Precision = 'single') => ({
  x: images(c.batch, c.size, precision),
  y: targets(c.batch, c.classes),
})

/** Forward pass and loss, the gradients of all parameters (`d stem.conv.w`), and a step of SGD. */
function trainingGraphs(model: Model, c: TrainCase) {
  const x = input('x', [c.batch, ...model.inputShape])
  const y = input('y', [c.batch, c.classes])
  const { logits, updates } = model.forward(x, { training: true })
  const loss = crossEntropy(logits, y)
  const trained = [...parametersOf({ outputs: { loss }, updates: [] }).values()].filter((p) => p.attrs.role !== 'state')
  const slopes = gradients(loss, trained)
  const graph = (outputs: Graph['outputs'], updates: Graph['updates'] = []): Graph => ({ outputs, updates })
  const derivatives = Object.fromEntries(trained.map((p) => [`d ${p.attrs.name}`, slopes.get(p)!]))
  return {
    loss: graph({ loss }),
    derivatives: graph(derivatives),
    step: graph({ loss, ...derivatives }, [
      ...updates,
      ...trained.flatMap((p) => step(p, slopes.get(p)!, c.optimizer)),
    ]),
  }
}

/** SGD as in PyTorch: g + decay w is added to the momentum, which is subtracted. Momenta start at zero. */
function step(weight: Value, gradient: Value, { lr, momentum, weightDecay }: TrainCase['optimizer']) {
  const name = `momentum.${weight.attrs.name}`
  const old = parameter({ name, shape: weight.shape, role: 'state', init: { kind: 'constant', value: 0 } })
  const now = add(mul(old, momentum), add(gradient, mul(weight, weightDecay)))
  return [
    { target: old, value: now },
    { target: weight, value: sub(weight, mul(now, lr)) },
  ]
}

/** Trains `steps` steps. `before` receives the weights before each. */
async function train(
  engine: Engine,
  c: TrainCase,
  precision: Precision,
  steps: number,
  before: (weights: Weights) => void = () => {},
): Promise<Record<string, number>> {
  const model = modelOf(c, precision)
  const names = [...model.weights.keys()]
  const program = await engine.compile(trainingGraphs(model, c).step, { weights: model.weights })
  const given = batchOf(c, precision)
  const errors: Record<string, number> = {}
  for (const [i, want] of c.losses.slice(0, steps).entries()) {
    before(await program.read(names))
    const results = await program.run(given)
    errors[`loss ${i}`] = largestError(results.loss.data, [want], 0)
    if (i === 0) Object.assign(errors, goldenErrors(c, results))
  }
  if (steps === c.losses.length) {
    const inference = await engine.compile(model.graph(c.batch), { weights: await program.read(names) })
    const { logits } = await inference.run({ x: given.x })
    inference.dispose()
    const want = c.evalLogitsAfter.flat()
    errors['logits after training'] = largestError(logits.data, want, rms(want))
  }
  program.dispose()
  return errors
}

/** The oracles in double precision: errors, and the weights before each step, rounded to float32. */
export async function trainInDoubles(c: TrainCase, steps: number): Promise<{ errors: Errors; weights: Weights[] }> {
  const weights: Weights[] = []
  const errors = await train(doubleEngine(), c, 'double', steps, (now) =>
    weights.push(new Map([...now].map(([name, { shape, data }]) => [name, tensor(shape, Float32Array.from(data))]))),
  )
  return { errors, weights }
}

/** The engine trains by itself: losses and logits. `compareGradients` compares its first gradients. */
export async function trainAlone(engine: Engine, c: TrainCase): Promise<Errors> {
  const errors = await train(engine, c, 'single', c.losses.length)
  return Object.fromEntries(Object.entries(errors).filter(([name]) => !/^(norm|probe) of /.test(name)))
}

/** The loss from each of `weights`, which are those of the run in doubles before each step. */
export async function compareLosses(engine: Engine, c: TrainCase, weights: readonly Weights[]): Promise<Errors> {
  const { loss: graph } = trainingGraphs(modelOf(c), c)
  const names = [...parametersOf(graph).keys()]
  const program = await engine.compile(graph, { weights: weights[0] })
  const errors: Record<string, number> = {}
  for (const [i, now] of weights.entries()) {
    await program.write(new Map(names.map((name) => [name, now.get(name)!])))
    const { loss } = await program.run(batchOf(c))
    errors[`loss ${i}`] = largestError(loss.data, [c.losses[i]], 0)
  }
  program.dispose()
  return errors
}

/** Where an engine's masks differ from those in doubles. */
export interface Flips {
  readonly count: number
  readonly share: number
  /** The largest |a - b| at a flip of a > b, relative to the mean of |a - b| over the mask. */
  readonly distance: number
}

/**
 * Compares all gradients of the first step in full with those in doubles with the engine's masks. Masks are the results of
 * every `greater`, by which gradients of piecewise functions choose their piece. Without flips, compares them with the
 * golden values too.
 */
export async function compareGradients(engine: Engine, c: TrainCase): Promise<{ errors: Errors; flips: Flips }> {
  const model = modelOf(c)
  const { derivatives } = trainingGraphs(model, c)
  const masks = new Map(
    topological(Object.values(derivatives.outputs))
      .filter((v) => v.op === greater.op)
      .map((v, i) => [v, `mask ${i}`]),
  )
  const observed = { outputs: { ...derivatives.outputs }, updates: [] }
  for (const [v, name] of masks) observed.outputs[name] = v
  const program = await engine.compile(observed, { weights: model.weights })
  const got = await program.run(batchOf(c))
  program.dispose()

  let [count, all, distance] = [0, 0, 0]
  const exact = doubleEngine((v, inputs, own) => {
    const name = masks.get(v)
    if (!name) return own
    const mask = got[name]
    const away: Tensor = { ...own, data: own.data.slice() }
    contractOf(subOp.op).reference(inputs, {}, away)
    let sum = 0
    for (const d of away.data) sum += Math.abs(d)
    all += own.data.length
    for (const [i, m] of mask.data.entries()) {
      if (m === own.data[i]) continue
      count++
      distance = Math.max(distance, (Math.abs(away.data[i]) * own.data.length) / sum)
    }
    return mask
  })
  const wanted = await exact.compile(derivatives, { weights: modelOf(c, 'double').weights })
  const want = await wanted.run(batchOf(c, 'double'))
  wanted.dispose()

  const errors: Record<string, number> = {}
  for (const name of Object.keys(derivatives.outputs)) {
    const difference = got[name].data.map((x, i) => x - want[name].data[i])
    errors[name] = norm(difference) / norm(want[cancels(c, name.slice(2)) ? `${name.slice(0, -4)}gamma` : name].data)
  }
  if (!count) Object.assign(errors, goldenErrors(c, got))
  return { errors, flips: { count, share: count / all, distance } }
}

/**
 * A shift that only another batch norm reads has no effect in training: its gradient is a sum that cancels to zero. In
 * double precision it cancels to less than 1e-9 of the gradient of the scale beside it, and is compared with that one.
 */
const cancels = (c: TrainCase, name: string): boolean => {
  const normOf = (of: string) => c.firstStepGradients[nameIn(c, of)].norm
  return name.endsWith('.bn.beta') && normOf(name) < 1e-9 * normOf(name.replace(/beta$/, 'gamma'))
}

function goldenErrors(c: TrainCase, results: Readonly<Record<string, Tensor>>): Record<string, number> {
  const errors: Record<string, number> = {}
  const gradientsByName = Object.entries(results).filter(([name]) => name.startsWith('d '))
  expect(gradientsByName.map(([name]) => nameIn(c, name.slice(2))).sort()).toEqual(
    Object.keys(c.firstStepGradients).sort(),
  )
  for (const [key, { shape, data }] of gradientsByName) {
    const name = key.slice(2)
    const want = c.firstStepGradients[nameIn(c, name)]
    const probe = uniform('probe', size(shape))
    let along = 0
    for (const [i, at] of torchOrder(shape).entries()) along += data[i] * (probe[at] - 0.5)
    const scale = cancels(c, name) ? c.firstStepGradients[nameIn(c, name.replace(/beta$/, 'gamma'))].norm : want.norm
    errors[`norm of d ${name}`] = largestError([norm(data)], [want.norm], scale)
    errors[`probe of d ${name}`] = largestError([along], [want.probe], scale * Math.sqrt(1 / 12))
  }
  return errors
}
