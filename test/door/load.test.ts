/** `load` and `save` in Node: every kind of source, and errors. */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { referenceEngine } from '../../src/engine/index.ts'
import { checksumOf } from '../../src/formats/crc32.ts'
import {
  build,
  type Engine,
  type EngineOptions,
  engineOf,
  type LoadOptions,
  load,
  type ModelSource,
  save,
  toBytes,
} from '../../src/index.ts'
import { failureOf, folderOf } from '../data/make.ts'
import { classes, tinyBytes, tinyNet } from './models.ts'

const bytes = tinyBytes()
const folder = folderOf({ 'm.safetensors': bytes, 'half.safetensors': bytes.subarray(0, 9000), 'photos/': '' })
const path = join(folder, 'm.safetensors')

let server: Server
let site: string
beforeAll(async () => {
  server = createServer((request, response) => {
    const answers: Record<string, () => void> = {
      '/m.safetensors': () => response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes),
      '/unknown-length': () => response.writeHead(200).end(bytes),
      '/refused': () => response.writeHead(403).end('no'),
      '/broken-off': () => {
        response.writeHead(200, { 'Content-Length': bytes.length }).write(bytes.subarray(0, 5000))
        setTimeout(() => response.destroy(), 50)
      },
      '/slow': () => response.writeHead(200, { 'Content-Length': bytes.length }).write(bytes.subarray(0, 5000)),
    }
    const answer = answers[request.url ?? '']
    if (answer) answer()
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe('load', () => {
  const sources: Record<string, () => ModelSource> = {
    'a path': () => path,
    'a file URL': () => pathToFileURL(path),
    'a file URL as text': () => pathToFileURL(path).href,
    'a URL': () => new URL('/m.safetensors', site),
    'a URL as text': () => `${site}/m.safetensors`,
    'a data URL': () => `data:application/octet-stream;base64,${Buffer.from(bytes).toString('base64')}`,
    bytes: () => bytes,
    'a Buffer': () => readFileSync(path),
    'an ArrayBuffer': () => bytes.slice().buffer,
    'a Blob': () => new Blob([bytes]),
    'a File': () => new File([bytes], 'm.safetensors'),
  }

  test.each(Object.keys(sources))('%s', async (kind) => {
    using model = await load(sources[kind](), { engine: 'reference' })
    expect(model.classes).toEqual(classes)
    expect(checksumOf(model.network.weights)).toBe(checksumOf(tinyNet().weights))
  })

  test('a classifier describes itself', async () => {
    using model = await load(path)
    expect(model.inputShape).toEqual([24, 24, 3])
    expect(model.architecture?.name).toBe('mobilenet_v2')
    expect(model.architecture?.options.width).toBe(0.1)
    expect(model.preprocessing).toMatchObject({ size: [24, 24], fit: 'crop', crop: 1 })
  })

  test('onProgress reports bytes as they arrive', async () => {
    const told: [number, number | undefined][] = []
    ;(await load(`${site}/m.safetensors`, { onProgress: (...now) => told.push(now) })).dispose()
    expect(told.at(-1)).toEqual([bytes.length, bytes.length])
    expect(told.map(([n]) => n)).toEqual(told.map(([n]) => n).sort((a, b) => a - b))
    told.length = 0
    ;(await load(`${site}/unknown-length`, { onProgress: (...now) => told.push(now) })).dispose()
    expect(told.at(-1)).toEqual([bytes.length, undefined])
  })

  test('an aborted signal rejects with its reason, before and during the load', async () => {
    const reason = new Error('enough')
    await expect(load(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const onProgress = () => controller.abort(reason)
    await expect(load(`${site}/slow`, { signal: controller.signal, onProgress })).rejects.toBe(reason)
  })

  test.each<[string, () => unknown, RegExp]>([
    [
      'a missing file',
      () => join(folder, 'none.safetensors'),
      /^KingletError: .*none\.safetensors: there is no such file$/,
    ],
    ['a folder', () => join(folder, 'photos'), /^KingletError: .*photos: it is a folder$/],
    [
      'half a file',
      () => join(folder, 'half.safetensors'),
      /^KingletError: .*half\.safetensors: .*: it is cut short, copy it again$/,
    ],
    [
      'a missing URL',
      () => `${site}/none`,
      /^KingletError: http.*\/none: the server answered 404 Not Found: check the/,
    ],
    [
      'a refused URL',
      () => `${site}/refused`,
      /^KingletError: http.*\/refused: the server answered 403 Forbidden: check/,
    ],
    [
      'a connection that breaks off',
      () => `${site}/broken-off`,
      /^KingletError: http.*\/broken-off: the connection broke after 5000 bytes \(.*\): check the address and the connection$/,
    ],
    [
      'a server that is not there',
      () => 'http://127.0.0.1:9/m.safetensors',
      /^KingletError: http:\/\/127\.0\.0\.1:9\/m\.safetensors: could not be fetched \(.*\): check the address/,
    ],
    ['damaged bytes', () => new Uint8Array(20), /^KingletError: model: it is not a \.safetensors file \(20 bytes\)/],
    [
      'a named File',
      () => new File(['x'], 'photo.jpg'),
      /^KingletError: photo\.jpg: it is not a \.safetensors file \(1 bytes\)/,
    ],
    ['something else', () => 42, /^UsageError: load: Number is not a model file: give its path, URL, bytes or a Blob$/],
  ])('%s is named, with the way out', async (_, source, text) => {
    expect(await failureOf(load(source() as ModelSource))).toMatch(text)
  })

  test.each<[string, LoadOptions, string]>([
    ['an engine that there is not', { engine: 'gpu' as 'wasm' }, 'there is no engine gpu: use wasm or reference'],
    [
      'something else as engine',
      { engine: {} as Engine },
      'engine is not an engine: use wasm, reference or a result of engineOf',
    ],
    ['no threads', { threads: 0 }, 'threads: 0 is not a positive integer'],
    [
      'a determinism that there is not',
      { deterministic: 'always' as 'here' },
      'deterministic: always is neither here nor everywhere',
    ],
    [
      'the reference engine with threads',
      { engine: 'reference', threads: 2 },
      'engine reference: threads is 2, it has only 1: leave threads out, or use engine wasm',
    ],
    [
      'the reference engine everywhere',
      { engine: 'reference', deterministic: 'everywhere' },
      'engine reference: deterministic is everywhere, it has only here: leave deterministic out, or use engine wasm',
    ],
    [
      'an option that there is not',
      { thread: 2 } as LoadOptions,
      'load: no option thread (did you mean threads?): use engine, threads, deterministic, signal or onProgress',
    ],
    ['a bare name', 'reference' as LoadOptions, 'load: options are reference: give an object, { engine: ... }'],
    ['null', null as unknown as LoadOptions, 'load: options are null: give an object, { engine: ... }'],
    [
      'an engine with threads',
      { engine: referenceEngine(), threads: 1 },
      'threads is 1, but engine is an engine object: give threads to engineOf instead',
    ],
    [
      'an engine with a determinism',
      { engine: referenceEngine(), deterministic: 'here' },
      'deterministic is here, but engine is an engine object: give deterministic to engineOf instead',
    ],
  ])('%s is refused, with the way out', async (_, options, text) => {
    expect(await failureOf(load(bytes, options))).toBe(`UsageError: ${text}`)
  })

  test('an engine object, and option values that the reference engine supports', async () => {
    const compiled: string[] = []
    const engine: Engine = {
      name: 'noting',
      compile(graph, options) {
        compiled.push(Object.keys(graph.outputs).join())
        return referenceEngine().compile(graph, options)
      },
    }
    ;(await load(bytes, { engine })).dispose()
    expect(compiled).toEqual(['logits'])
    ;(await load(bytes, { engine: 'reference', threads: 1, deterministic: 'here' })).dispose()
  })

  test('engineOf takes the same options, but not a bare name', () => {
    expect(engineOf().name).toBe('wasm')
    expect(engineOf({ engine: 'reference' }).name).toBe('reference')
    const engine = referenceEngine()
    expect(engineOf({ engine })).toBe(engine)
    expect(() => engineOf('reference' as EngineOptions)).toThrow(
      "engineOf: reference is not an options object: use { engine: 'wasm' }",
    )
  })
})

describe('save', () => {
  test('load reads the saved file to the same weights, and no other file is left', async () => {
    const to = folderOf({})
    await save(tinyNet(), join(to, 'm.safetensors'), { classes, provenance: { trainedOn: 'woods' } })
    await save(tinyNet(), pathToFileURL(join(to, 'url.safetensors')), { classes })
    expect(readdirSync(to).sort()).toEqual(['m.safetensors', 'url.safetensors'])
    using model = await load(join(to, 'm.safetensors'), { engine: 'reference' })
    expect(checksumOf(model.network.weights)).toBe(checksumOf(tinyNet().weights))
    expect(model.provenance.trainedOn).toBe('woods')
    // Saving a loaded model gives the same file.
    expect(Buffer.from(toBytes(model)).equals(readFileSync(join(to, 'm.safetensors')))).toBe(true)
  })

  test('a failed write leaves the old file', async () => {
    const to = folderOf({ 'm.safetensors': 'old' })
    mkdirSync(join(to, 'taken'))
    expect(await failureOf(save(tinyNet(), join(to, 'none/m.safetensors'), { classes }))).toMatch(
      /^KingletError: .*m\.safetensors could not be written \(ENOENT\): its folder does not exist/,
    )
    expect(await failureOf(save(tinyNet(), join(to, 'taken'), { classes }))).toMatch(
      /^KingletError: .*taken could not be/,
    )
    expect(await failureOf(save(tinyNet(), join(to, 'm.safetensors'), { classes: ['a'] }))).toMatch(/^KingletError/)
    expect(await failureOf(save(tinyNet(), join(to, 'm.safetensors'), { labels: classes } as object))).toBe(
      'UsageError: save: no option labels: use classes, preprocessing or provenance',
    )
    expect(readFileSync(join(to, 'm.safetensors'), 'utf8')).toBe('old')
    expect(readdirSync(to).sort()).toEqual(['m.safetensors', 'taken'])
  })

  test('invalid contents are refused', () => {
    const net = tinyNet()
    const refusal = (work: () => unknown) => {
      try {
        work()
        return 'it did not fail'
      } catch (error) {
        return String(error)
      }
    }
    expect(refusal(() => toBytes(net))).toBe(
      'KingletError: save: the names of the 4 classes of mobilenet_v2 are not known: give { classes: [...] } or train it ' +
        'first',
    )
    expect(refusal(() => toBytes(net, { classes: ['a', 'b', 'c'] }))).toBe(
      'KingletError: save: 3 classes are named (a, b, c), mobilenet_v2 has 4: name each of its outputs',
    )
    expect(refusal(() => toBytes(net, { classes: ['a', 'b', 'c', 'c'] }))).toBe(
      'KingletError: model: two classes are named "c": names must be distinct',
    )
    expect(refusal(() => toBytes(net, { class: classes } as object))).toBe(
      'UsageError: save: no option class (did you mean classes?): use classes, preprocessing or provenance',
    )
    const grey = build('mobilenet_v2', { width: 0.1, size: 24, reduction: 8, classes: 4, channels: 1 })
    expect(refusal(() => toBytes(grey, { classes }))).toBe(
      'KingletError: save: its preprocessing makes images [24, 24, 3], its network takes [24, 24, 1]: the two must be the ' +
        'same',
    )
    net.weights.delete('stem.conv.w')
    expect(refusal(() => toBytes(net, { classes }))).toMatch(/^KingletError: save: tensor stem\.conv\.w .* is missing/)
  })
})
