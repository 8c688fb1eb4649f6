/** Writes a network in the formats of all runtimes to `.cache/models`, with an image and the oracle's answer. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { preprocessingPreset, provenanceNow, writeModelFile } from '../kinglet.js'
import { modelsFolder } from './folder.js'
import { layersOf } from './layers.js'
import { image, network } from './networks.js'
import { writeOnnx } from './onnx.js'
import { writeTfjs } from './tfjs.js'
import { writeTflite } from './tflite.js'

/** @param {string} name short name */
export function writeNetwork(name) {
  const net = network(name)
  const { architecture, classes, inputShape, weights } = net
  const flat = layersOf(net.graph(), weights)
  const { weightData, ...topology } = writeTfjs(flat)
  const files = {
    safetensors: writeModelFile({
      architecture,
      weights,
      classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
      preprocessing: preprocessingPreset('imagenet', inputShape[0]),
      provenance: provenanceNow(),
    }),
    onnx: writeOnnx(flat),
    tflite: writeTflite(flat),
    'tfjs.json': JSON.stringify(topology),
    'tfjs.bin': new Uint8Array(weightData),
    image: new Uint8Array(image([1, ...inputShape]).buffer),
  }
  mkdirSync(modelsFolder, { recursive: true })
  for (const [ending, bytes] of Object.entries(files)) writeFileSync(new URL(`${name}.${ending}`, modelsFolder), bytes)
}
