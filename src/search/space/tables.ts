/**
 * The architecture spaces by name:
 * - `v3-small` and `v3-large`: around the two networks of Howard et al. 2019 (arXiv:1905.02244, tables 1 and 2), what
 *   MnasNet's search varies in each stage (Tan et al. 2019, arXiv:1807.11626, section 4.1), and activations.
 * - `ofa`: the choices of Once-for-all (Cai et al. 2020, arXiv:1908.09791) in V3-Large, separate for each block.
 * - `v1`: the width of each layer of MobileNet V1 (Howard et al. 2017, arXiv:1704.04861).
 */
import { either, type NetworkTable, ordered, type Stage, steps } from './table.ts'

const kernels = ordered(3, 5, 7)
const expansions = ordered(0.5, 0.75, 1, 1.25)
const se = either(false, true)
const act = either('relu', 'hard_swish')

/** The paper's four resolution multipliers: 128, 160, 192 and 224; 16, 20, 24 and 28. */
const byFours = (share: number): number => Math.max(4, 4 * Math.round(share / 4))
const resolution = (size: number) => {
  const sides = [4, 5, 6].map((sevenths) => byFours((size * sevenths) / 7)).filter((side) => side < size)
  return ordered(...new Set([...sides, size]))
}

type Columns = [blocks: number, depth: number[], width: number[], expansion?: typeof expansions]
const v3 = (rows: readonly Columns[]): Stage[] =>
  rows.map(([blocks, depth, width, expansion]) => ({
    blocks,
    all: {
      depth: ordered(...depth),
      kernel: kernels,
      width: ordered(...width),
      ...(expansion && { expansion }),
      se,
      act,
    },
  }))

/** No stage is narrower than the one before it. */
const widening = (stages: number) =>
  Array.from({ length: stages - 1 }, (_, i) => ({ atMost: [`stage${i + 1}.width`, `stage${i + 2}.width`] as const }))

const ofaStage = (blocks: number): Stage => ({
  blocks,
  all: { depth: ordered(2, 3, 4) },
  each: { kernel: kernels, ratio: ordered(3, 4, 6) },
})

/** A layer of V1 with this many channels: from a quarter of them, in steps of 8. */
const v1Layer = (channels: number): Stage => ({ blocks: 1, all: { width: steps(channels / 4, channels, 8) } })

export const tables = {
  'v3-small': {
    title: 'MobileNet V3 Small, stage by stage',
    source: 'Howard et al. 2019, arXiv:1905.02244, table 2; Tan et al. 2019, arXiv:1807.11626, section 4.1',
    base: 'mobilenet_v3_small',
    called: 'stage',
    resolution,
    whole: { 'stem.width': ordered(8, 16, 24), 'head.width': ordered(256, 512, 768, 1024, 1280) },
    stages: v3([
      // blocks  depth      width                    expansion
      [1, [1, 2], [8, 16, 24]],
      [2, [1, 2, 3], [16, 24, 32], expansions],
      [3, [1, 2, 3, 4], [24, 32, 40, 48], expansions],
      [2, [1, 2, 3], [32, 40, 48, 56, 64], expansions],
      [3, [1, 2, 3, 4], [64, 80, 96, 112, 128], expansions],
    ]),
    rules: widening(5),
  },
  'v3-large': {
    title: 'MobileNet V3 Large, stage by stage',
    source: 'Howard et al. 2019, arXiv:1905.02244, table 1; Tan et al. 2019, arXiv:1807.11626, section 4.1',
    base: 'mobilenet_v3_large',
    called: 'stage',
    resolution,
    whole: { 'stem.width': ordered(8, 16, 24), 'head.width': ordered(320, 640, 960, 1280) },
    stages: v3([
      // blocks  depth      width                    expansion
      [1, [1, 2], [8, 16, 24]],
      [2, [1, 2, 3], [16, 24, 32], expansions],
      [3, [2, 3, 4], [32, 40, 48], expansions],
      [4, [2, 3, 4, 5], [64, 72, 80, 88, 96], expansions],
      [2, [1, 2, 3], [96, 104, 112, 120, 128], expansions],
      [3, [2, 3, 4], [128, 144, 160, 176, 192], expansions],
    ]),
    rules: widening(6),
  },
  ofa: {
    title: 'Once-for-all: V3-Large with depth, and kernel and expansion of each block',
    source: 'Cai et al. 2020, arXiv:1908.09791',
    base: 'mobilenet_v3_large',
    called: 'stage',
    resolution: (size) => steps(byFours((size * 4) / 7), size, 4),
    whole: { width: ordered(1, 1.2) },
    // The first block (16 channels, not expanded) does not vary.
    stages: [{ blocks: 1, all: {} }, ...[2, 3, 4, 2, 3].map(ofaStage)],
    rules: [],
  },
  v1: {
    title: 'MobileNet V1, layer by layer',
    source: 'Howard et al. 2017, arXiv:1704.04861, table 1',
    base: 'mobilenet_v1',
    called: 'layer',
    resolution,
    whole: { 'stem.width': steps(8, 32, 8) },
    stages: [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024].map(v1Layer),
    rules: [],
  },
} as const satisfies Record<string, NetworkTable>

/** The name of an architecture space. */
export type NetworkSpaceName = keyof typeof tables

/**
 * The names of the architecture spaces.
 *
 * @example
 * ```ts
 * import { networkSpaceNames } from 'kinglet/search'
 * networkSpaceNames // => ['v3-small', 'v3-large', 'ofa', 'v1']
 * ```
 */
export const networkSpaceNames = Object.keys(tables) as readonly NetworkSpaceName[]
