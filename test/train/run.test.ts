import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Dataset } from '../../src/data/index.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { fit, type TrainOptions } from '../../src/train/index.ts'
import { type OpenRunOptions, openRun, readMetrics } from '../../src/train/node.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { eventsOf } from './events.ts'
import { failureOf, optionsFor, toyNet, toySet, trained } from './toys.ts'

const data = { train: toySet(30), val: toySet(9, 2) }
const top = mkdtempSync(join(tmpdir(), 'kinglet-run-'))
afterAll(() => rmSync(top, { recursive: true, force: true }))
let folder = ''
beforeEach(() => {
  folder = join(mkdtempSync(join(top, 'a-')), 'run')
})

const engine = wasmEngine({ threads: 1 })
const settings = (run?: OpenRunOptions, more: Partial<TrainOptions> = {}): TrainOptions =>
  optionsFor({ engine, epochs: 3, ema: 0.9, ...(run && { store: openRun(folder, { logEvery: 2, ...run }) }), ...more })
const train = (run?: OpenRunOptions, more?: Partial<TrainOptions>, net = toyNet()) =>
  trained(net, data, settings(run, more))
/** Stops after `steps` steps, as Ctrl-C does. */
async function interrupted(steps: number, run: OpenRunOptions = {}, more: Partial<TrainOptions> = {}) {
  const stop = new AbortController()
  const body = async () => {
    for await (const { step } of fit(toyNet(), data, settings(run, { signal: stop.signal, ...more })))
      if (step === steps) stop.abort(new Error('interrupted'))
  }
  expect(await failureOf(body)).toBe('Error: interrupted')
}

const file = (name: string) => join(folder, name)
const namesIn = (path = folder) => readdirSync(path).sort()
/** The files by name, without those whose names hold a time. */
const contentsIn = (path = folder) =>
  Object.fromEntries(
    namesIn(path).map((name) => [name.replace(/\d{10}/, 'time'), readFileSync(join(path, name), 'base64')]),
  )
const withoutTimes = (path = folder) =>
  readMetrics(join(path, 'metrics.jsonl')).map(({ time: _, imagesPerSecond: __, ...line }) => line)
const eventsIn = (path = folder) =>
  namesIn(path)
    .filter((name) => name.startsWith('events.'))
    .map((name) => eventsOf(readFileSync(join(path, name))))

test('a run writes a checkpoint, the last and the best model, metrics and events', async () => {
  const net = toyNet()
  const steps = await train({ trainedOn: 'toys' }, {}, net)
  expect(namesIn().map((name) => name.replace(/\d{10}/, 'time'))).toEqual([
    'best.safetensors',
    'checkpoint.safetensors',
    'events.out.tfevents.time.kinglet',
    'metrics.jsonl',
    'model.safetensors',
  ])
  const model = readModelFile(readFileSync(file('model.safetensors')))
  expect(model.weights).toEqual(net.weights)
  expect(model.classes).toEqual(data.train.classes)
  expect(model.architecture).toEqual(net.architecture)
  const { validation } = steps.at(-1)!
  expect(model.provenance).toMatchObject({
    trainedOn: 'toys',
    images: 30,
    epochs: 3,
    seed: 0,
    accuracy: validation!.top1,
    evaluatedOn: 9,
  })

  const epochs = steps.filter((s) => s.validation)
  const best = epochs.reduce((a, b) => {
    const [x, y] = [a.validation!, b.validation!]
    return y.top1 > x.top1 || (y.top1 === x.top1 && y.loss < x.loss) ? b : a
  })
  expect(readModelFile(readFileSync(file('best.safetensors'))).provenance.epochs).toBe(best.epoch)

  expect(readMetrics(file('metrics.jsonl')).map(({ kind, epoch, step }) => [kind, epoch, step])).toEqual([
    ...[
      ['step', 1, 2],
      ['step', 1, 4],
      ['epoch', 1, 5],
      ['step', 2, 6],
      ['step', 2, 8],
    ],
    ...[
      ['step', 2, 10],
      ['epoch', 2, 10],
      ['step', 3, 12],
      ['step', 3, 14],
      ['epoch', 3, 15],
    ],
  ])
  const last = readMetrics(file('metrics.jsonl')).at(-1)!
  const { loss, top1, top5 } = validation!
  expect(last).toMatchObject({
    loss: steps[14].epochLoss,
    accuracy: steps[14].epochAccuracy,
    val: { loss, top1, top5 },
  })

  const [events] = eventsIn()
  expect(events[0]).toMatchObject({ step: 0, fileVersion: 'brain.Event:2' })
  expect(events.slice(1).map((e) => [e.step, Object.keys(e.scalars!).length])).toEqual([
    ...[
      [2, 4],
      [4, 4],
      [5, 5],
      [6, 4],
      [8, 4],
      [10, 4],
      [10, 5],
      [12, 4],
      [14, 4],
      [15, 5],
    ],
  ])
  expect(events[1].scalars!['train/loss']).toBeCloseTo(steps[1].loss, 5)
  expect(events.at(-1)!.scalars!['validation/top1']).toBeCloseTo(validation!.top1, 6)
})

test('without validation images there is no best model', async () => {
  await trained(toyNet(), { train: data.train }, settings({}, { epochs: 1 }))
  expect(existsSync(file('best.safetensors'))).toBe(false)
  expect(readMetrics(file('metrics.jsonl')).at(-1)).not.toHaveProperty('val')
})

describe('a resumed run is bit-identical to an uninterrupted one', () => {
  // Within an epoch, at its end, twice, repeatedly, and after the last step.
  test.each([
    { stops: [7], restarts: [8] },
    { stops: [5], restarts: [6] },
    { stops: [3, 11], restarts: [4, 12] },
    { stops: [1, 2, 3], restarts: [2, 4] },
    { stops: [15], restarts: [] },
  ])('after step $stops', async ({ stops, restarts }) => {
    const whole = folder
    const net = toyNet()
    await train({}, {}, net)
    folder = join(mkdtempSync(join(top, 'b-')), 'run')
    for (const [i, step] of stops.entries()) await interrupted(step, { resume: i > 0 })
    const resumed = toyNet()
    const steps = await train({ resume: true }, {}, resumed)
    expect(steps.map((s) => s.step)).toEqual(
      Array.from({ length: 15 - stops.at(-1)! }, (_, i) => stops.at(-1)! + 1 + i),
    )
    expect(resumed.weights).toEqual(net.weights)
    expect(withoutTimes()).toEqual(withoutTimes(whole))
    for (const name of ['best', 'model'] as const) {
      const [a, b] = [whole, folder].map((f) => readModelFile(readFileSync(join(f, `${name}.safetensors`))))
      expect(a.weights).toEqual(b.weights)
      expect(a.provenance.epochs).toBe(b.provenance.epochs)
    }
    expect(readFileSync(file('checkpoint.safetensors'))).toEqual(readFileSync(join(whole, 'checkpoint.safetensors')))
    // A restart is marked with the next step. The names of the files sort in the order of the restarts.
    expect(eventsIn().flatMap((events) => events.filter((e) => e.restarts).map((e) => e.step))).toEqual(restarts)
  })

  test('during a validation, which a resumed run does first', async () => {
    const whole = folder
    await train({})
    folder = join(mkdtempSync(join(top, 'b-')), 'run')
    const stop = new AbortController()
    let looks = 0
    // `source` is undefined, so this thread reads the images.
    const { source: _, ...set } = data.val
    const val: Dataset = {
      ...set,
      image(i) {
        // In the second epoch.
        if (++looks === 9 + 4) stop.abort(new Error('interrupted'))
        return set.image(i)
      },
    }
    const seen: number[] = []
    const body = async () => {
      const options = settings({}, { signal: stop.signal })
      for await (const { step } of fit(toyNet(), { ...data, val }, options)) seen.push(step)
    }
    expect(await failureOf(body)).toBe('Error: interrupted')
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(withoutTimes().at(-1)).toMatchObject({ step: 8 })
    const steps = await train({ resume: true })
    expect(steps.map((s) => s.step)).toEqual([10, 11, 12, 13, 14, 15])
    expect(steps[0].validation!.count).toBe(9)
    expect(withoutTimes()).toEqual(withoutTimes(whole))
  })

  test('leaving the loop saves the run too', async () => {
    for await (const { step } of fit(toyNet(), data, settings({}))) if (step === 7) break
    expect((await train({ resume: true }))[0].step).toBe(8)
  })

  test('resuming removes an incomplete line and the temporary files of a killed process', async () => {
    await interrupted(7)
    writeFileSync(file('metrics.jsonl'), '{"kind":"step","epoch":2,"st', { flag: 'a' })
    writeFileSync(file('.checkpoint.safetensors.4711.tmp'), 'half')
    writeFileSync(file('.notes.4711.tmp'), "somebody else's")
    await train({ resume: true })
    expect(readMetrics(file('metrics.jsonl'))).toHaveLength(10)
    expect(readFileSync(file('metrics.jsonl'), 'utf8').endsWith('}\n')).toBe(true)
    expect(namesIn().filter((name) => name.startsWith('.'))).toEqual(['.notes.4711.tmp'])
  })
})

describe('a folder in use', () => {
  test('another run: an error without side effects; force replaces the run and leaves other files alone', async () => {
    await interrupted(7)
    writeFileSync(file('notes.txt'), 'mine')
    const before = contentsIn()
    expect(await failureOf(() => train({}))).toMatch(
      /^KingletError: \S+run: it holds another run \(best\.safetensors, checkpoint\.safetensors, events\.out\.tfevents\.\d+\.kinglet, metrics\.jsonl, model\.safetensors\): resume it \(resume\), replace it \(force\), or choose another folder$/,
    )
    expect(contentsIn()).toEqual(before)
    await train({ force: true }, { epochs: 1 })
    expect(withoutTimes().map((line) => line.step)).toEqual([2, 4, 5])
    expect(eventsIn()).toHaveLength(1)
    expect(readFileSync(file('notes.txt'), 'utf8')).toBe('mine')
  })

  test('a file of that name: an error', async () => {
    writeFileSync(folder, 'a file')
    expect(await failureOf(() => train({}))).toBe(`KingletError: ${folder}: it is a file: choose a folder for the run`)
    folder = join(folder, 'below')
    expect(await failureOf(() => train({}))).toBe(`KingletError: ${folder}: it is a file: choose a folder for the run`)
  })

  test('resume and force together, and unknown options', () => {
    expect(() => openRun(folder, { resume: true, force: true })).toThrow(
      'openRun: resume and force are both given: resume continues a run, force replaces it: give one',
    )
    expect(() => openRun(folder, { logEvery: 0 })).toThrow('openRun: logEvery is 0: it must be a positive integer')
    expect(() => openRun(folder, { resumes: true } as object)).toThrow(
      'openRun: no option resumes (did you mean resume?)',
    )
  })
})

describe('a checkpoint that cannot be resumed gives an error without side effects', () => {
  const refused = async (more: Partial<TrainOptions>, net = toyNet(), sets = data) => {
    const before = contentsIn()
    const message = await failureOf(() => trained(net, sets, settings({ resume: true }, more)))
    expect(contentsIn()).toEqual(before)
    return message.replace(`KingletError: ${file('checkpoint.safetensors')}: `, '')
  }

  test('there is no checkpoint', async () => {
    expect(await failureOf(() => train({ resume: true }))).toBe(
      `KingletError: ${file('checkpoint.safetensors')}: there is no such file, so there is no run to resume: leave resume ` +
        'out to start a run',
    )
    expect(existsSync(folder)).toBe(false)
  })

  test('another network, other options, other data, another engine', async () => {
    await interrupted(3)
    const say = (was: string, is: string) =>
      `its run was started with ${was}, now it is ${is}: use the original value, or start a new run`
    const other = toyNet()
    Object.defineProperty(other, 'architecture', { value: { name: 'mobilenet_v2', options: {} } })
    expect(await refused({}, other)).toBe(say('model toy', 'mobilenet_v2'))
    expect(await refused({ batch: 5 })).toBe(say('batch 6', '5'))
    expect(await refused({ epochs: 4 })).toBe(say('epochs 3', '4'))
    expect(await refused({ learningRate: 0.1 })).toBe(say('learningRate 0.003', '0.1'))
    expect(await refused({ optimizer: 'sgd', learningRate: 0.003 })).toBe(say('optimizer.name adamw', 'sgd'))
    expect(await refused({ augmentation: { flip: 0.5 } })).toBe(say('augmentation.flip none', '0.5'))
    expect(await refused({ freeze: ['stem'] })).toMatch(
      /^its run was started with freeze \[\], now it is \["stem\.conv\.w",.*…: use the original value, or start a new run$/,
    )
    expect(await refused({}, toyNet(), { ...data, train: toySet(30, 1, 'others') })).toMatch(
      /^its run was started with training images with fingerprint [0-9a-f]{8}, now it is [0-9a-f]{8}: /,
    )
    expect(await refused({ engine: optionsFor().engine })).toBe(say('engine wasm', 'reference'))
    expect(await refused({ engine: wasmEngine({ threads: 1, deterministic: 'everywhere' }) })).toBe(
      say('deterministic here', 'everywhere'),
    )
  })

  test('a damaged file, a truncated file, or another kind of file', async () => {
    await interrupted(3)
    const path = file('checkpoint.safetensors')
    const whole = readFileSync(path)
    writeFileSync(path, whole.subarray(0, -5))
    expect(await refused({})).toMatch(/^tensor \S+ ends at byte \d+ of the data, the file holds \d+: it is cut short/)
    const flipped = Buffer.from(whole)
    flipped[whole.length - 9] ^= 1
    writeFileSync(path, flipped)
    expect(await refused({})).toMatch(/checksum [0-9a-f]{8}, [0-9a-f]{8} was written: the file is damaged$/)
    rmSync(path)
    await train({ force: true }, { epochs: 1 })
    writeFileSync(path, readFileSync(file('model.safetensors')))
    expect(await refused({})).toBe('it is not a checkpoint of a run: start a new run')
  })
})

/** Runs `body` on a new file system; returns false if mounting is not permitted (it needs root). */
async function onDisk(kilobytes: number, body: (mount: (options: string) => void) => Promise<void>): Promise<boolean> {
  const place = mkdtempSync(join(top, 'disk-'))
  const mount = (...args: string[]) => spawnSync('mount', args).status === 0
  if (process.platform !== 'linux' || !mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', place)) return false
  try {
    folder = join(place, 'run')
    await body((options) => expect(mount('-o', `remount,${options}`, place)).toBe(true))
  } finally {
    spawnSync('umount', ['-l', place])
  }
  return true
}

describe('failed writes', () => {
  test('a full disk: an error names the file, and the last checkpoint stays', async () => {
    const net = toyNet()
    const before = net.weights
    const done = await onDisk(400, async (remount) => {
      // There is room for the first checkpoint; then the test fills the disk.
      const run = async () => {
        for await (const { step } of fit(net, data, settings({ checkpointSeconds: 0 })))
          if (step === 3) {
            const filler = Buffer.alloc(4096)
            expect(() => {
              for (;;) writeFileSync(join(folder, '../filler'), filler, { flag: 'a' })
            }).toThrow('ENOSPC')
          }
      }
      expect(await failureOf(run)).toMatch(
        /^KingletError: \S+ could not be written \(ENOSPC\): the disk is full: make room, or choose another folder$/,
      )
      expect(net.weights).toBe(before)
      expect(namesIn().filter((name) => name.endsWith('.tmp'))).toEqual([])
      rmSync(join(folder, '../filler'))
      remount('size=4000k')
      expect((await train({ resume: true, checkpointSeconds: 0 }))[0].step).toBe(4)
    })
    if (!done) expect(process.getuid?.()).not.toBe(0)
  })

  test('a read-only folder', async () => {
    const done = await onDisk(4000, async (remount) => {
      await interrupted(3)
      remount('ro')
      const before = contentsIn()
      expect(await failureOf(() => train({ resume: true }))).toMatch(
        /^KingletError: \S+ could not be written \(EROFS\): it is on a read-only file system: choose another folder$/,
      )
      expect(contentsIn()).toEqual(before)
    })
    if (done) return
    // Without root, file permissions apply.
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o500)
    expect(await failureOf(() => train({}))).toMatch(
      /^KingletError: \S+ could not be written \(EACCES\): you may not write there: choose another folder, or change its permissions$/,
    )
    chmodSync(folder, 0o700)
  })
})
