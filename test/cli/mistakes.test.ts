/** A user's mistakes: each gives one sentence and an exit code, and changes nothing on the disk. */
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { printError } from '../../src/cli/main.ts'
import { tensor } from '../../src/core/index.ts'
import { readSafetensors, writeSafetensors } from '../../src/formats/index.ts'
import { folderOf } from '../data/make.ts'
import { ensureBuilt } from '../support/built.ts'
import { fakeIo } from './fake-io.ts'
import { kinglet, pictures, snapshot, tiny, tinyModel } from './make.ts'

let photos: string
let folder: string
const at = (name: string) => join(folder, name)

/** The tiny model with its tensors or metadata changed, and without a checksum. */
function changed(change: (parts: ReturnType<typeof readSafetensors>) => void): Uint8Array {
  const parts = readSafetensors(tinyModel())
  delete (parts.metadata as Record<string, string | undefined>).checksum
  change(parts)
  return writeSafetensors(parts.tensors, parts.metadata)
}
const withArchitecture = (change: (a: { name: string; options: Record<string, unknown> }) => void) =>
  changed(({ metadata }) => {
    const architecture = JSON.parse(metadata.architecture)
    change(architecture)
    metadata.architecture = JSON.stringify(architecture)
  })

beforeAll(async () => {
  await ensureBuilt()
  photos = folderOf(await pictures(3))
  const model = tinyModel()
  const damaged = model.slice()
  damaged[damaged.length - 5] ^= 255
  const png = (await pictures(2))['across/1.png']
  folder = folderOf({
    'good.safetensors': model,
    'cut.safetensors': model.subarray(0, model.length - 100),
    'damaged.safetensors': damaged,
    'text.safetensors': 'hello, this is not a model file',
    'empty.safetensors': '',
    'nan.safetensors': changed(({ tensors }) => {
      tensors.get('stem.conv.w')!.data[3] = Number.NaN
    }),
    'shape.safetensors': changed(({ tensors }) => {
      tensors.set('classifier.b', tensor([5], new Float32Array(5)))
    }),
    'dtype.safetensors': changed(({ tensors }) => {
      tensors.set('classifier.b', tensor([3], new Int32Array(3), 'i32'))
    }),
    'missing.safetensors': changed(({ tensors }) => {
      tensors.delete('classifier.b')
    }),
    'model.safetensors': withArchitecture((a) => {
      a.name = 'mobilenet_v9'
    }),
    'op.safetensors': withArchitecture((a) => {
      a.options.activation = 'gelu'
    }),
    'plain.safetensors': changed(({ metadata }) => {
      delete (metadata as Record<string, string | undefined>).kinglet
    }),
    'one/cat/1.png': png,
    'one/cat/2.png': png,
    'broken/cat/1.png': png,
    'broken/cat/cut.png': png.subarray(0, 60),
    'broken/dog/1.png': png,
    'broken/dog/2.png': png,
    'text/cat/a.txt': 'cat',
    'text/dog/b.txt': 'dog',
    'file.txt': 'a file',
    'empty/': '',
  })
}, 60_000)

const train = (data: string, ...rest: string[]) => [
  'train',
  data,
  ...tiny,
  '--out',
  at('run'),
  '--epochs',
  '1',
  ...rest,
]
const predict = (model: string) => ['predict', at(model), at('one/cat/1.png')]

/** Command line, exit code, and text on stderr. */
const mistakes: Record<string, readonly [argv: () => string[], code: number, says: string | RegExp]> = {
  'no command': [() => [], 2, 'Usage: kinglet'],
  'unknown command': [() => ['trian'], 2, "error: unknown command 'trian'\n(Did you mean train?)"],
  'unknown option': [() => ['models', '--jsno'], 2, "error: unknown option '--jsno'\n(Did you mean --json?)"],
  'missing argument': [() => ['predict', 'm.safetensors'], 2, "error: missing required argument 'images'"],
  'unknown model': [
    () => ['summary', 'mobilenet_v3_smal'],
    2,
    /^error: no model mobilenet_v3_smal \(did you mean mobilenet_v3_small\?\): use mobilenet_v1, /,
  ],
  'unknown model to train': [
    () => ['train', photos, '--model', 'mobilenet_v9', '--out', at('run')],
    2,
    'error: no model mobilenet_v9 (did you mean mobilenet_v1?): use ',
  ],
  'unknown activation': [
    () => ['summary', 'mobilenet_v1', '--activation', 'gelu'],
    2,
    "'gelu' is invalid. It must be relu, relu6, ",
  ],
  'unknown engine': [() => ['bench', 'mobilenet_v1', '--engine', 'wsam'], 2, '(did you mean wasm?)'],
  'threads for the reference engine': [
    () => ['bench', 'mobilenet_v1', '--engine', 'reference', '--threads', '2'],
    2,
    'error: engine reference: threads is 2, it has only 1: leave threads out, or use engine wasm\n',
  ],
  'the reference engine everywhere': [
    () => ['predict', at('good.safetensors'), at('one/cat/1.png'), '--engine', 'reference', '--deterministic'],
    2,
    'error: engine reference: deterministic is everywhere, it has only here: leave deterministic out, or use engine wasm\n',
  ],
  'unknown optimiser': [() => train(photos, '--optimizer', 'adam'), 2, "argument 'adam' is invalid. It must be sgd, "],
  'optimiser that is not JSON': [() => train(photos, '--optimizer', '{sgd}'), 2, 'It is not JSON: '],
  'unknown option of an optimiser': [
    () => train(photos, '--optimizer', '{"name":"sgd","momentun":0.5}'),
    2,
    'error: optimizer sgd: no option momentun (did you mean momentum?): use momentum or nesterov\n',
  ],
  'unknown augmentation': [() => train(photos, '--augmentation', 'storng'), 2, '(did you mean strong?)'],
  'a size of 0': [() => train(photos, '--size', '0'), 2, "argument '0' is invalid. It must be a positive integer"],
  'a negative width': [
    () => train(photos, '--width', '-1'),
    2,
    "argument '-1' is invalid. It must be a number above 0.",
  ],
  'no epochs': [() => train(photos, '--epochs', '0'), 2, "argument '0' is invalid. It must be a positive integer."],
  'a batch of 0': [() => train(photos, '--batch', '0'), 2, "argument '0' is invalid. It must be a positive integer."],
  'no threads': [() => ['bench', 'mobilenet_v1', '--threads', '0'], 2, 'It must be a positive integer.'],
  'half a seed': [() => train(photos, '--seed', '0.5'), 2, 'It must be a whole number, 0 or more.'],
  'all held out': [() => train(photos, '--validation', '1'), 2, 'It must be a number of at least 0 and below 1.'],
  'a batch larger than the set': [
    () => train(photos, '--batch', '64'),
    1,
    'error: train: a batch of 64 is larger than the set of 6 images: use a batch of at most 6\n',
  ],
  'a layer that there is not': [
    () => train(photos, '--freeze', 'stem,blokcs'),
    1,
    'error: freeze: the network has no layer blokcs (did you mean blocks?): kinglet summary lists its layers\n',
  ],
  'a warm-up longer than the run': [
    () => train(photos, '--warmup', '2'),
    2,
    /^.*error: schedule cosine: the warm-up takes /s,
  ],
  'no such folder': [() => train(at('none')), 1, /none: there is no such folder\n$/],
  'a file in place of a folder': [
    () => train(at('file.txt')),
    1,
    /file\.txt: a file, not a folder: unpack it, and give the folder\n$/,
  ],
  'an empty folder': [
    () => train(at('empty')),
    1,
    /empty: not a dataset: it is empty\. It must contain one of these:\n/,
  ],
  'folders without images': [
    () => train(at('text')),
    1,
    /text: there are no images in its folders \(cat, dog\): use JPEG, /,
  ],
  'a damaged image with --strict': [
    () => train(at('broken'), '--strict'),
    1,
    /broken: 3 images, 1 file left out\n {2}1 damaged image:\n {4}cat\/cut\.png: .+\n {2}Repair or remove these files, or turn strict off/,
  ],
  'one class only': [() => train(at('one')), 1, /one: there is only one class \(cat\): a classifier needs two or more/],
  'resume and force': [
    () => train(photos, '--resume', '--force'),
    2,
    'error: --resume continues a run, --force replaces it: leave one out\n',
  ],
  'nothing to resume': [
    () => train(photos, '--resume'),
    1,
    /run\/checkpoint\.safetensors: there is no such file, so there is no run to resume: leave resume out to start a run\n$/,
  ],
  'a run in a file': [
    () => ['train', photos, ...tiny, '--out', at('file.txt'), '--epochs', '1'],
    1,
    /file\.txt: it is a file: choose a folder for the run\n$/,
  ],
  'model and file': [
    () => ['train', photos, '--model', 'mobilenet_v1', '--from', at('good.safetensors'), '--out', at('run')],
    2,
    /^error: --model: .+good\.safetensors already defines the network: leave --model or --from out\n$/,
  ],
  'another width for a file': [
    () => ['train', photos, '--width', '0.5', '--from', at('good.safetensors'), '--out', at('run')],
    2,
    /^error: --width: .+good\.safetensors is a model file, which defines its own network: leave --width out\n$/,
  ],
  'none of its classes known': [
    () => ['eval', at('good.safetensors'), at('one')],
    1,
    /none of its classes \(cat\) is a class of the model \(across, down, plain\)\n$/,
  ],
  'no such model file': [() => predict('none.safetensors'), 1, /^error: .+none\.safetensors: there is no such file\n$/],
  'a folder in its place': [() => ['predict', folder, at('one/cat/1.png')], 1, /^error: .+: it is a folder\n$/],
  'a model file that is cut short': [() => predict('cut.safetensors'), 1, /^error: .+cut\.safetensors: .+\n$/],
  'a damaged model file': [
    () => predict('damaged.safetensors'),
    1,
    /^error: .+damaged\.safetensors: the weights have checksum \w{8}, \w{8} was written: the file is damaged\n$/,
  ],
  'another file': [() => predict('text.safetensors'), 1, /^error: .+text\.safetensors: .+\n$/],
  'an empty file': [() => predict('empty.safetensors'), 1, /^error: .+empty\.safetensors: .+\n$/],
  'NaN in the weights': [
    () => predict('nan.safetensors'),
    1,
    /nan\.safetensors: stem\.conv\.w holds NaN at element 3: the network is unusable, train it again\n$/,
  ],
  'NaN in the weights to evaluate': [() => ['eval', at('nan.safetensors'), photos], 1, /stem\.conv\.w holds NaN at /],
  'NaN in the weights to begin with': [
    () => ['train', photos, '--from', at('nan.safetensors'), '--out', at('run')],
    1,
    /nan\.safetensors: stem\.conv\.w holds NaN at element 3: the network is unusable, train it again\n$/,
  ],
  'NaN in the weights to count': [() => ['summary', at('nan.safetensors')], 1, /stem\.conv\.w holds NaN at element 3/],
  'a folder in place of a picture': [
    () => ['predict', at('good.safetensors'), at('one')],
    1,
    /^error: .+one: it is a folder\n$/,
  ],
  'a picture that there is not': [
    () => ['predict', at('good.safetensors'), at('none.jpg')],
    1,
    /^error: .+none\.jpg: there is no such file\n$/,
  ],
  'an empty picture': [
    () => ['predict', at('good.safetensors'), at('empty.safetensors')],
    1,
    /^error: .+empty\.safetensors: the file is empty: replace or remove it\n$/,
  ],
  'a negative size': [() => ['summary', 'mobilenet_v1', '--size', '-5'], 2, "argument '-5' is invalid. It must be a"],
  'no classes': [() => ['summary', 'mobilenet_v1', '--classes', '0'], 2, 'It must be a positive integer.'],
  'a size of 0 behind a name': [
    () => ['bench', 'mobilenet_v1:size=0'],
    2,
    'error: mobilenet_v1:size=0: size is 0. It ',
  ],
  'a tensor of another shape': [
    () => predict('shape.safetensors'),
    1,
    /shape\.safetensors: tensor classifier\.b is \[5\] f32, mobilenet_v1_shallow with the options of this file has \[3\] f32: /,
  ],
  'a tensor of another dtype': [() => predict('dtype.safetensors'), 1, /tensor classifier\.b is \[3\] i32, /],
  'a tensor that is missing': [
    () => predict('missing.safetensors'),
    1,
    /tensor classifier\.b \[3\] of mobilenet_v1_shallow is missing: /,
  ],
  'a file of an unknown model': [
    () => predict('model.safetensors'),
    1,
    /model\.safetensors: its network cannot be built: no model mobilenet_v9 \(did you mean mobilenet_v1\?\): use /,
  ],
  'a file with an unknown op': [
    () => predict('op.safetensors'),
    1,
    /op\.safetensors: its network cannot be built: build mobilenet_v1_shallow: activation is gelu: it must be table, relu, /,
  ],
  'a file of tensors only': [
    () => predict('plain.safetensors'),
    1,
    /plain\.safetensors: a \.safetensors file without the network, /,
  ],
}

for (const [name, [argv, code, says]] of Object.entries(mistakes))
  test(name, async () => {
    const before = [snapshot(folder), snapshot(photos)]
    const run = await kinglet(...argv())
    if (typeof says === 'string') expect(run.errors).toContain(says)
    else expect(run.errors).toMatch(says)
    expect(run.errors).not.toMatch(/^ {4}at |defect/m)
    expect({ code: run.code, output: run.output }).toEqual({ code, output: '' })
    expect([snapshot(folder), snapshot(photos)]).toEqual(before)
  })

test('a bug is reported as one, and KINGLET_DEBUG=1 prints the stack', () => {
  const plain = fakeIo()
  expect(printError(new TypeError('x is not a function'), plain)).toBe(1)
  expect(plain.errors).toBe(
    'error: x is not a function\n' +
      'This is a bug in Kinglet. Set KINGLET_DEBUG=1 to print the stack, and please include it in a report.\n',
  )
  const debug = fakeIo({ env: { KINGLET_DEBUG: '1' } })
  printError(new TypeError('x is not a function'), debug)
  expect(debug.errors).toContain('TypeError: x is not a function\n    at ')
})
