/** For each layer, `analyse` equals the values read from the modules of torchvision and timm. */
import { describe, expect, test } from 'vitest'
import { analyse, type LayerCost } from '../../src/graph/index.ts'
import { build, type ModelName } from '../../src/models/index.ts'
import { textOf } from '../support/sources.ts'
import { layersOf } from './torch-names.ts'

const networks: readonly (readonly [file: string, model: ModelName, names: string])[] = [
  ['mobilenetv1_1.0_224', 'mobilenet_v1', 'timm mobilenetv1_100'],
  ['mobilenetv2_1.0_224', 'mobilenet_v2', 'torchvision mobilenet_v2'],
  ['mobilenetv3_large_1.0_224', 'mobilenet_v3_large', 'torchvision mobilenet_v3_large'],
  ['mobilenetv3_small_1.0_224', 'mobilenet_v3_small', 'torchvision mobilenet_v3_small'],
]

/** A layer as the files have it: squeeze-and-excitation as 1x1 convolutions of one pixel. */
function row(layer: LayerCost, names: string): Record<string, string> {
  const side = (shape: readonly number[]) => (shape.length === 4 ? shape[1] : 1)
  const channels = (shape: readonly number[]) => shape[shape.length - 1]
  const [kernel, stride, groups] = layer.kernel
    ? [layer.kernel.join('x'), layer.stride, layer.groups]
    : [layer.kind === 'se' ? '1x1' : 'fc', 1, 1]
  const cells = {
    name: layersOf[names](layer.name).weight,
    kernel,
    stride,
    groups,
    cin: channels(layer.inputShape),
    cout: channels(layer.outputShape),
    hw_in: side(layer.inputShape),
    hw_out: side(layer.outputShape),
    params_w_and_bias: layer.weights,
    macs: layer.macs,
  }
  return Object.fromEntries(Object.entries(cells).map(([key, value]) => [key, String(value)]))
}

describe.each(networks)('%s', (file, model, names) => {
  const [header, ...lines] = textOf(`test/fixtures/layers/${file}.tsv`)
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
  const read = lines.map((cells) => Object.fromEntries(header.map((key, i) => [key, cells[i]])))
  const { layers, total } = analyse(build(model).graph())

  test('each layer', () => {
    const expected = read.filter((r) => r.name !== 'TOTAL')
    expect(expected.length).toBeGreaterThan(20)
    expect(layers.filter((layer) => layer.macs > 0).map((layer) => row(layer, names))).toEqual(expected)
  })

  test('in total', () => {
    const sum = read.find((r) => r.name === 'TOTAL')!
    expect([String(total.weights), String(total.macs)]).toEqual([sum.params_w_and_bias, sum.macs])
  })
})
