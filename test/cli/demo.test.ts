import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { main } from '../../src/cli/demo/command.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { folderOf, idxBytes } from '../data/make.ts'
import { ensureBuilt } from '../support/built.ts'
import { fakeIo } from './fake-io.ts'

beforeAll(ensureBuilt)

/** Squares of ten brightness levels: a set that all stages finish quickly. */
function squares(each: number): Record<string, Uint8Array> {
  const images = (n: number) => idxBytes([n, 28, 28], (i) => (Math.floor(i / 784) % 10) * 25 + (i % 7))
  const labels = (n: number) => idxBytes([n], (i) => i % 10)
  return {
    'train-images-idx3-ubyte': images(10 * each),
    'train-labels-idx1-ubyte': labels(10 * each),
    't10k-images-idx3-ubyte': images(20),
    't10k-labels-idx1-ubyte': labels(20),
  }
}

test('npm start trains, compares, classifies, and writes a model file and a report', async () => {
  const data = folderOf(squares(13))
  const out = join(folderOf({}), 'out')
  const io = fakeIo()
  expect(await main(['--data', data, '--out', out, '--epochs', '1', '--threads', '1'], io)).toBe(0)
  expect(io.errors).toMatch(/^epoch 1\/1 {2}loss .+ {2}test loss .+ {2}top-1 .+ images\/s$/m)
  expect(io.output).toContain(
    '130 images of 10 classes, 20 to test; 578.0 k parameters, 5.18 M multiply-adds an image\n',
  )
  expect(io.output).toMatch(/^parameters +577,954 +1,671,914 +2\.89 x$/m)
  expect(io.output).toMatch(/^multiply-adds +5,178,096 +34,136,704 +6\.59 x$/m)
  expect(io.output).toMatch(/^ms per image, one thread +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d\d x$/m)
  expect(io.output).toMatch(/^blocks\.10 +48 +5 +336,384 +5,529,600 +0\.0608 +0\.0608$/m)
  expect(io.output).toMatch(/^t10k-images-idx3-ubyte image \d+: \d \((right|wrong)\)\n {2}\d +\d+\.\d %$/m)
  expect(readdirSync(out)).toEqual(['model.safetensors', 'report.html'])
  expect(readModelFile(readFileSync(join(out, 'model.safetensors')))).toMatchObject({
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    preprocessing: { size: [28, 28] },
    provenance: { images: 130, epochs: 1, evaluatedOn: 20 },
  })
  const page = readFileSync(join(out, 'report.html'), 'utf8')
  for (const part of ['Confusion matrix', 'Cost by layer', 'its twin', '1/N + 1/K^2', 'data:image/png;base64,'])
    expect(page).toContain(part)
  expect(page).not.toMatch(/NaN|undefined/)
}, 60_000)

test('Ctrl-C stops it with exit code 130, and it leaves no files', async () => {
  const out = join(folderOf({}), 'out')
  const io = fakeIo()
  const stdout = {
    write(text: string) {
      if (text.includes('1. Training')) setTimeout(io.interrupt)
    },
  }
  expect(await main(['--data', folderOf(squares(13)), '--out', out, '--threads', '1'], { ...io, stdout })).toBe(130)
  expect(io.errors).toContain('Interrupted: nothing was saved.\n')
  expect(existsSync(out)).toBe(false)
}, 60_000)

test('the help has an example; wrong usage exits with 2, a missing folder with 1', async () => {
  const io = fakeIo()
  expect(await main(['--help'], io)).toBe(0)
  expect(io.output).toContain('\n  npm start -- --data /usr/share/datasets/fashion-mnist')
  expect(await main(['--epochs', '0'], io)).toBe(2)
  expect(await main(['--data', 'none'], io)).toBe(1)
  expect(io.errors).toContain('error: none: there is no such folder\n')
})
