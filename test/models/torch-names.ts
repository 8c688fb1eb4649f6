/**
 * Maps our layers to their names in torchvision and timm, and tensors to PyTorch's order: convolutions OIHW (a depthwise
 * one C1HW), linear layers [out, in].
 */
import { type Shape, size } from '../../src/core/index.ts'

export type Source = 'torchvision' | 'timm'
interface Modules {
  /** Convolution or linear layer. */
  readonly weight: string
  readonly norm?: string
}
type Layers = (layer: string) => Modules

/** `blocks.3.expand` is block 3, part `expand`. */
const split = (layer: string): { block: number; part: string } => {
  const [, block, ...part] = layer.split('.')
  return { block: Number(block), part: part.join('.') }
}
const ends = (table: Readonly<Record<string, Modules>>, blocks: (block: number, part: string) => Modules): Layers => {
  return (layer) => table[layer] ?? blocks(split(layer).block, split(layer).part)
}

/** Parts of a block, in the order of its modules; the first block has no expansion. */
const order = ['expand', 'depthwise', 'se', 'project']
const position = (parts: readonly string[], part: string): number => parts.indexOf(part.split('.')[0])

const torchvisionV2: Layers = ends(
  {
    stem: { weight: 'features.0.0', norm: 'features.0.1' },
    last: { weight: 'features.18.0', norm: 'features.18.1' },
    classifier: { weight: 'classifier.1' },
  },
  (block, part) => {
    const parts = order.slice(block === 0 ? 1 : 0).filter((p) => p !== 'se')
    const [i, at] = [position(parts, part), `features.${block + 1}.conv`]
    // The projection and its norm are not wrapped in a module.
    return part === 'project'
      ? { weight: `${at}.${i}`, norm: `${at}.${i + 1}` }
      : { weight: `${at}.${i}.0`, norm: `${at}.${i}.1` }
  },
)

const torchvisionV3 = (blocks: number, hasSe: (block: number) => boolean): Layers =>
  ends(
    {
      stem: { weight: 'features.0.0', norm: 'features.0.1' },
      last: { weight: `features.${blocks + 1}.0`, norm: `features.${blocks + 1}.1` },
      head: { weight: 'classifier.0' },
      classifier: { weight: 'classifier.3' },
    },
    (block, part) => {
      const parts = order.slice(block === 0 ? 1 : 0).filter((p) => p !== 'se' || hasSe(block))
      const at = `features.${block + 1}.block.${position(parts, part)}`
      if (part === 'se.reduce') return { weight: `${at}.fc1` }
      if (part === 'se.expand') return { weight: `${at}.fc2` }
      return { weight: `${at}.0`, norm: `${at}.1` }
    },
  )

/** timm counts blocks within stages. */
const staged = (stages: readonly number[], block: number): string => {
  let [stage, left] = [0, block]
  while (left >= stages[stage]) left -= stages[stage++]
  return `blocks.${stage}.${left}`
}
const withoutExpansion: Readonly<Record<string, readonly [string, string?]>> = {
  depthwise: ['conv_dw', 'bn1'],
  pointwise: ['conv_pw', 'bn2'],
  project: ['conv_pw', 'bn2'],
  'se.reduce': ['se.conv_reduce'],
  'se.expand': ['se.conv_expand'],
}
const inverted: typeof withoutExpansion = {
  ...withoutExpansion,
  expand: ['conv_pw', 'bn1'],
  depthwise: ['conv_dw', 'bn2'],
  project: ['conv_pwl', 'bn3'],
}
const timm = (stages: readonly number[], last: Modules, allSeparable = false): Layers =>
  ends(
    {
      stem: { weight: 'conv_stem', norm: 'bn1' },
      last,
      head: { weight: 'conv_head' },
      classifier: { weight: 'classifier' },
    },
    (block, part) => {
      const at = staged(stages, block)
      const [weight, norm] = (allSeparable || block === 0 ? withoutExpansion : inverted)[part]
      return { weight: `${at}.${weight}`, ...(norm && { norm: `${at}.${norm}` }) }
    },
  )
const largeSe = (block: number): boolean => (block >= 3 && block <= 5) || block >= 10
const smallSe = (block: number): boolean => block === 0 || block >= 3

/** By source and the source's name of the model. */
export const layersOf: Readonly<Record<string, Layers>> = {
  'torchvision mobilenet_v2': torchvisionV2,
  'torchvision mobilenet_v3_large': torchvisionV3(15, largeSe),
  'torchvision mobilenet_v3_small': torchvisionV3(11, smallSe),
  'timm mobilenetv1_100': timm([1, 2, 2, 6, 2], { weight: '' }, true),
  'timm mobilenetv2_100': timm([1, 2, 3, 4, 3, 3, 1], { weight: 'conv_head', norm: 'bn2' }),
  'timm mobilenetv3_large_100': timm([1, 2, 3, 4, 2, 3], { weight: 'blocks.6.0.conv', norm: 'blocks.6.0.bn1' }),
  'timm tf_mobilenetv3_small_075': timm([1, 2, 3, 2, 3], { weight: 'blocks.5.0.conv', norm: 'blocks.5.0.bn1' }),
  'timm tf_mobilenetv3_small_minimal_100': timm([1, 2, 3, 2, 3], {
    weight: 'blocks.5.0.conv',
    norm: 'blocks.5.0.bn1',
  }),
}

const leaves: Readonly<Record<string, readonly ['weight' | 'norm', string]>> = {
  'conv.w': ['weight', 'weight'],
  w: ['weight', 'weight'],
  b: ['weight', 'bias'],
  'bn.gamma': ['norm', 'weight'],
  'bn.beta': ['norm', 'bias'],
  'bn.mean': ['norm', 'running_mean'],
  'bn.variance': ['norm', 'running_var'],
}

/** `stem.conv.w` is torchvision's `features.0.0.weight`. */
export function torchName(layers: Layers, name: string): string {
  const [, layer, leaf] = /^(.*?)\.((?:conv|bn)\.\w+|w|b)$/.exec(name)!
  const [module, key] = leaves[leaf]
  return `${layers(layer)[module]}.${key}`
}

/** For each element of our tensor, its index in PyTorch's. */
export function torchOrder(shape: Shape): Uint32Array {
  const order = new Uint32Array(size(shape))
  if (shape.length < 2) return order.map((_, n) => n)
  // Our last dimension is PyTorch's first; a depthwise kernel has no other channels.
  const outputs = shape[shape.length - 1]
  const channels = shape.length === 3 ? 1 : shape[shape.length - 2]
  const taps = shape.length === 2 ? 1 : shape[0] * shape[1]
  let n = 0
  for (let tap = 0; tap < taps; tap++)
    for (let i = 0; i < channels; i++) for (let o = 0; o < outputs; o++) order[n++] = (o * channels + i) * taps + tap
  return order
}

/** Number of inputs of one output in PyTorch's shape: all dimensions but the first. */
export const fanIn = (shape: Shape): number => (shape.length === 3 ? shape[0] * shape[1] : size(shape.slice(0, -1)))
