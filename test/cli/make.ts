/** Makes folders of images and model files, and runs commands, for the tests of the command line. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { main } from '../../src/cli/main.ts'
import { version } from '../../src/core/version.ts'
import { preprocessingPreset } from '../../src/data/index.ts'
import { provenanceNow, writeModelFile } from '../../src/formats/index.ts'
import { entryOf, type Unit, writeTable } from '../../src/latency/index.ts'
import { build, type Model } from '../../src/models/index.ts'
import { folderOf } from '../data/make.ts'
import { fakeIo } from './fake-io.ts'

/** Runs a command line and returns its output and exit code. */
export async function kinglet(...argv: string[]): Promise<{ code: number; output: string; errors: string }> {
  const io = fakeIo()
  const code = await main(argv, io)
  return { code, output: io.output, errors: io.errors }
}

const encoders = {
  jpg: (image: Sharp) => image.jpeg({ quality: 90 }),
  png: (image: Sharp) => image.png(),
  webp: (image: Sharp) => image.webp(),
  gif: (image: Sharp) => image.gif(),
  avif: (image: Sharp) => image.avif({ effort: 0 }),
}
const endings = Object.keys(encoders) as (keyof typeof encoders)[]

/** Grey levels of a pixel at (x, y), both from 0 to 1. */
const drawings: Readonly<Record<string, (x: number, y: number) => number>> = {
  across: (_, y) => (Math.floor(y * 6) % 2 ? 235 : 20),
  down: (x) => (Math.floor(x * 6) % 2 ? 235 : 20),
  plain: () => 128,
}
export const drawingNames = Object.keys(drawings)

/** An image of `kind`; `i` selects one of five formats and the size. */
export async function picture(kind: string, i: number): Promise<{ name: string; bytes: Uint8Array }> {
  const [width, height] = [24 + ((i * 7) % 40), 24 + ((i * 11) % 33)]
  const ending = endings[i % endings.length]
  const shift = ((i * 13) % 6) / 24
  const data = Buffer.alloc(width * height * 3)
  for (let p = 0; p < width * height; p++) {
    const grey = drawings[kind]((p % width) / width + shift, Math.floor(p / width) / height + shift)
    data.set([grey, Math.max(0, grey - (i % 5) * 4), grey], 3 * p)
  }
  const image = sharp(data, { raw: { width, height, channels: 3 } })
  return { name: `${i}.${ending}`, bytes: await encoders[ending](image).toBuffer() }
}

/** `across/0.jpg`, `across/1.png` and so on: `each` images of every kind. */
export async function pictures(each: number, kinds: readonly string[] = drawingNames) {
  const files: Record<string, Uint8Array> = {}
  for (const kind of kinds)
    for (let i = 0; i < each; i++) {
      const { name, bytes } = await picture(kind, i)
      files[`${kind}/${name}`] = bytes
    }
  return files
}

/** Writes a space file to a new folder. Each network of the space trains quickly. */
export function smallSpace(): string {
  const ordered = (...values: number[]) => ({ kind: 'categorical', values, ordered: true })
  const choices = { resolution: ordered(8, 16), width: ordered(0.1, 0.2), 'layer1.kernel': ordered(3, 5) }
  return join(folderOf({ 'small.json': JSON.stringify({ name: 'small', network: 'v1', choices }) }), 'small.json')
}

/** Writes a latency table of these units to a new folder. A unit takes 0.001 ms per channel. */
export function tableFile(units: readonly Unit[], kinglet = version): string {
  const device = { name: 'Pixel 8', system: 'Android 14', cores: 9 }
  const entries = units.map((unit) => {
    const ms = 0.001 * (unit.channels[0] + (unit.channels[1] ?? 0))
    return entryOf(unit, { lower: ms, median: ms, upper: ms })
  })
  const created = '2026-11-26T12:00:00.000Z'
  const text = writeTable({ device, engine: 'wasm on V8', kinglet, threads: 1, created, referenceMs: 0.1, entries })
  return join(folderOf({ 'phone.json': text }), 'phone.json')
}

/** Options of `train` for a network that trains quickly. */
export const tiny = [
  ...['--model', 'mobilenet_v1_shallow', '--width', '0.1', '--size', '16'],
  ...['--reduction', '4', '--threads', '1'],
]

/** That network, untrained. */
export const tinyNetwork = (classes: number): Model =>
  build('mobilenet_v1_shallow', { width: 0.1, size: 16, reduction: 4, classes })

/** The bytes of a model file of it, or of another network for these classes. */
export function tinyModel(
  classes: readonly string[] = drawingNames,
  network = tinyNetwork(classes.length),
): Uint8Array {
  const { architecture, weights } = network
  return writeModelFile({
    ...{ architecture, weights, classes },
    preprocessing: preprocessingPreset('whole', 16),
    provenance: provenanceNow({ trainedOn: 'nothing' }),
  })
}

/** All files below a folder: name, modification time and content. */
export function snapshot(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {}
  return Object.fromEntries(
    (readdirSync(folder, { recursive: true }) as string[]).sort().map((name) => {
      const path = join(folder, name)
      const found = statSync(path)
      return [name, found.isDirectory() ? 'folder' : `${found.mtimeMs} ${readFileSync(path, 'latin1')}`]
    }),
  )
}
