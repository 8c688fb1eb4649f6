import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { folderOf } from '../data/make.ts'
import { ensureBuilt } from '../support/built.ts'
import { fakeIo } from './fake-io.ts'
import { kinglet, picture, pictures, snapshot, tiny, tinyModel } from './make.ts'

// Loader threads run the built files.
beforeAll(ensureBuilt)

const weightsOf = (path: string) => readModelFile(readFileSync(path)).weights
const learn = ['--batch', '8', '--augmentation', 'none', '--learning-rate', '0.01']

test('train, eval and predict work on a folder of ordinary images', async () => {
  const photos = folderOf({ ...(await pictures(20)), 'plain/broken.jpg': 'no image', 'down/notes.txt': 'striped' })
  const out = join(photos, '../', `${photos.split('/').at(-1)}-run`)
  try {
    const trained = await kinglet('train', photos, ...tiny, ...learn, '--epochs', '12', '--out', out)
    expect(trained.errors).toContain('1 damaged image:\n    plain/broken.jpg: ')
    expect(trained.errors).toContain('1 file that is not an image:\n    down/notes.txt\n')
    expect(trained.errors).toContain('54 images of 3 classes, 6 held out\n')
    expect(trained.errors).toMatch(
      /^epoch 12\/12 {2}loss \d\.\d{4} {2}accuracy .+ {2}validation loss .+ {2}top-1 .+ images\/s$/m,
    )
    expect(trained.code).toBe(0)
    expect(trained.output).toMatch(/^top-1 \d+\.\d\d % on 6 validation images\n/)
    // The best epoch has the highest top-1 in the lines above; ties are decided by the lowest loss.
    const told = [...trained.errors.matchAll(/^epoch +(\d+)\/12 .*validation loss (\S+) {2}top-1 (\S+) %/gm)]
    const [[, epoch, , top1]] = told.sort((a, b) => Number(b[3]) - Number(a[3]) || Number(a[2]) - Number(b[2]))
    expect(trained.output.split('\n').slice(1)).toEqual([
      `model   ${join(out, 'model.safetensors')}`,
      `best    ${join(out, 'best.safetensors')} (epoch ${epoch}, ${top1} %)`,
      `report  ${join(out, 'report.html')}`,
      '',
    ])
    expect(readdirSync(out).filter((n) => !n.startsWith('events'))).toEqual([
      'best.safetensors',
      'checkpoint.safetensors',
      'metrics.jsonl',
      'model.safetensors',
      'report.html',
    ])
    const page = readFileSync(join(out, 'report.html'), 'utf8')
    expect(page).toContain('Confusion matrix')
    expect(page).not.toMatch(/NaN|undefined/)

    const model = join(out, 'best.safetensors')
    const all = JSON.parse((await kinglet('eval', model, photos, '--json', '--threads', '1')).output)
    expect(all).toMatchObject({ part: 'all', count: 60 })
    expect(all.top1).toBeGreaterThan(0.8)
    const held = await kinglet('eval', model, photos, '--validation', '0.1', '--threads', '1')
    expect(held.output).toContain(`${model} on ${photos}: validation part, 6 images\n\ntop-1  `)
    expect(held.output).toMatch(/^across +2 +\d +\d+\.\d\d %$/m)
    expect(held.output).toContain('Confusion matrix: rows are the truth, columns the answers.\n\ntruth     0  1  2\n')

    const files = ['across/5.jpg', 'down/6.png', 'across/7.webp', 'down/8.gif', 'across/9.avif'].map((f) =>
      join(photos, f),
    )
    const found = JSON.parse((await kinglet('predict', model, ...files, '--json', '--threads', '1')).output)
    const first = found.map((f: { answers: { label: string }[] }) => f.answers[0].label)
    expect(first.filter((label: string, i: number) => files[i].includes(label)).length).toBeGreaterThanOrEqual(4)
    const { output } = await kinglet('predict', model, files[0], '--top', '2', '--threads', '1')
    expect(output).toMatch(
      new RegExp(`^${files[0]}\n  (across|down|plain) +\\d+\\.\\d %\n  (across|down|plain) +\\d+\\.\\d %\n$`),
    )
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}, 120_000)

test('Ctrl-C finishes the step, saves it and exits with 130; --resume gives the result of an uninterrupted run', async () => {
  const photos = folderOf(await pictures(8, ['across', 'down']))
  const folder = folderOf({})
  const args = ['train', photos, ...tiny, '--batch', '4', '--epochs', '3', '--out']
  const io = fakeIo({ isTTY: true })
  let bars = 0
  const stderr = {
    isTTY: true,
    columns: 100,
    write(text: string) {
      io.stderr.write(text)
      // The bar of the first step, within the first epoch.
      if (text.includes('epoch 1/3') && bars++ === 0) expect(io.interrupt()).toBe(true)
    },
  }
  const half = join(folder, 'half')
  expect(await main([...args, half], { ...io, stderr })).toBe(130)
  expect(io.errors).toContain('Finishing this step and writing the checkpoint. (Ctrl-C again ends at once)')
  expect(io.errors).toMatch(/Interrupted\. Run the same command with --resume to continue .+half\.\n$/)
  expect(readdirSync(half)).toContain('checkpoint.safetensors')
  expect(readdirSync(half)).not.toContain('model.safetensors')

  const longer = args.map((a) => (a === '3' ? '4' : a))
  expect(await kinglet(...longer, half, '--resume')).toMatchObject({
    code: 1,
    errors:
      `error: ${half}: its run was started with --epochs 3, now it is 4: resume it with --epochs 3, or start over ` +
      'with --force\n',
  })

  const resumed = await kinglet(...args, half, '--resume', '--json')
  expect(resumed.code).toBe(0)
  const { epochs, bestEpoch } = JSON.parse(resumed.output)
  expect(epochs.map((e: { epoch: number }) => e.epoch)).toEqual([1, 2, 3])
  expect(bestEpoch.top1).toBe(epochs[bestEpoch.epoch - 1].validation.top1)
  const whole = join(folder, 'whole')
  await kinglet(...args, whole)
  expect(weightsOf(join(half, 'model.safetensors'))).toEqual(weightsOf(join(whole, 'model.safetensors')))

  // A completed run only writes its report again.
  const before = readFileSync(join(whole, 'model.safetensors'))
  expect((await kinglet(...args, whole, '--resume')).code).toBe(0)
  expect(readFileSync(join(whole, 'model.safetensors'))).toEqual(before)

  const kept = snapshot(whole)
  // The check comes before the images are opened: this folder has none.
  const [, , ...others] = args
  const refused = await kinglet('train', join(folder, 'no-photos'), ...others, whole)
  expect(refused.code).toBe(1)
  expect(refused.errors).toMatch(
    /^error: \S+whole: it holds another run \(best\.safetensors, .+\): resume it \(--resume\), replace it \(--force\), or choose another folder\n$/,
  )
  expect(await kinglet('train', join(folder, 'no-photos'), '--out', whole, '--epochs', '4', '--resume')).toMatchObject({
    code: 1,
    errors:
      `error: ${whole}: its run was started with --epochs 3, now it is 4: resume it with --epochs 3, or train longer ` +
      `from its last weights, into another folder: --from ${join(whole, 'model.safetensors')}\n`,
  })
  const wider = args.map((a) => (a === '0.1' ? '0.2' : a))
  expect(await kinglet(...wider, whole, '--resume')).toMatchObject({
    code: 1,
    errors: expect.stringContaining('its run was started with width 0.1, now it is 0.2: use the original value'),
  })
  const other = args.map((a) => (a === 'mobilenet_v1_shallow' ? 'mobilenet_v2' : a))
  expect(await kinglet(...other, whole, '--resume')).toMatchObject({
    code: 1,
    errors: expect.stringContaining('its run was started with model mobilenet_v1_shallow, now it is mobilenet_v2: '),
  })
  expect(snapshot(whole)).toEqual(kept)
  expect((await kinglet(...args, whole, '--force', '--seed', '1')).code).toBe(0)
  expect(weightsOf(join(whole, 'model.safetensors'))).not.toEqual(weightsOf(join(half, 'model.safetensors')))
}, 120_000)

test('--from loads the weights of a model file, and --freeze keeps them', async () => {
  const folder = folderOf({ 'm.safetensors': tinyModel() })
  const from = join(folder, 'm.safetensors')
  const photos = folderOf(await pictures(6, ['across', 'down']))
  const out = join(folder, 'run')
  const args = ['train', photos, '--from', from, '--epochs', '1', '--threads', '1', '--out', out]
  const { code, errors } = await kinglet(...args, '--freeze', 'stem,blocks')
  expect(code).toBe(0)
  expect(errors).toMatch(/m\.safetensors: \d+ tensors loaded, 2 newly initialised\n/)
  const tuned = readModelFile(readFileSync(join(out, 'model.safetensors')))
  expect(tuned.classes).toEqual(['across', 'down'])
  expect(tuned.provenance.from).toBe(from)
  const first = weightsOf(from)
  for (const [name, t] of tuned.weights) if (!name.startsWith('classifier')) expect(t).toEqual(first.get(name))
}, 60_000)

test('an unreadable image is reported, the others are classified, and the exit code is 1', async () => {
  const { bytes } = await picture('across', 0)
  const folder = folderOf({ 'm.safetensors': tinyModel(), 'good.jpg': bytes, 'cut.jpg': bytes.subarray(0, 300) })
  const at = (name: string) => join(folder, name)
  const run = await kinglet(
    'predict',
    at('m.safetensors'),
    at('cut.jpg'),
    at('good.jpg'),
    at('none.jpg'),
    '--threads',
    '1',
  )
  expect(run.code).toBe(1)
  expect(run.output.split('\n')[0]).toBe(at('good.jpg'))
  expect(run.errors).toBe(
    `error: ${at('cut.jpg')}: the JPEG file is damaged or cut off: replace or remove it\n` +
      `${at('none.jpg')}: there is no such file\n`,
  )
})

test('with too many classes for a matrix, eval lists the most common mistakes', async () => {
  const classes = Array.from({ length: 17 }, (_, i) => `kind ${i}`)
  const { bytes } = await picture('across', 1)
  const folder = folderOf({ 'm.safetensors': tinyModel(classes) })
  const photos = folderOf(Object.fromEntries(classes.map((name) => [`${name}/1.png`, bytes])))
  const { output } = await kinglet('eval', join(folder, 'm.safetensors'), photos, '--threads', '1')
  expect(output).toContain('Most common mistakes (--json has the whole confusion matrix).\n\ntruth')
  expect(output).toContain('top-5')
})

test('eval uses only images of classes that the model knows', async () => {
  const folder = folderOf({ 'm.safetensors': tinyModel() })
  const { bytes } = await picture('across', 1)
  const photos = folderOf({ ...(await pictures(2)), 'zebra/1.png': bytes })
  const { code, errors } = await kinglet('eval', join(folder, 'm.safetensors'), photos, '--threads', '1')
  expect(code).toBe(0)
  expect(errors).toContain('1 unknown class:\n    zebra')
})
