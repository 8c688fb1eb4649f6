/**
 * Published counts, one row a network. Sources: recounts that agree with the implementation named (torchvision 0.28, timm
 * 1.0.29, Keras 3.15, TF-slim's docstrings). `weights`: without batch norm. `parameters`: with gamma and beta. `all`:
 * with running statistics too (Keras' total). `macsM`: where a source gives millions, as text.
 */
import type { BuildOptions, ModelName } from '../../src/models/index.ts'

export interface Published {
  readonly model: ModelName
  readonly options: BuildOptions
  readonly source: string
  readonly weights?: number
  readonly norm?: number
  readonly parameters?: number
  readonly all?: number
  readonly macs?: number
  readonly macsM?: string
}

const at = (model: ModelName, macsBySize: Readonly<Record<number, number>>, options: BuildOptions = {}): Published[] =>
  Object.entries(macsBySize).map(([size, macs]) => ({
    model,
    options: { ...options, size: Number(size) },
    source: 'recount',
    macs,
  }))

const v1 = 'mobilenet_v1'
const v2 = 'mobilenet_v2'
const large = 'mobilenet_v3_large'
const small = 'mobilenet_v3_small'

const versionOne: Published[] = [
  { model: v1, options: {}, source: 'TF-slim, Keras, timm', weights: 4_210_088, parameters: 4_231_976, all: 4_253_864 },
  { model: v1, options: { width: 0.75 }, source: 'Keras', weights: 2_569_144, parameters: 2_585_560, all: 2_601_976 },
  { model: v1, options: { width: 0.5 }, source: 'Keras', weights: 1_320_648, parameters: 1_331_592, all: 1_342_536 },
  { model: v1, options: { width: 0.25 }, source: 'Keras', weights: 464_600, parameters: 470_072, all: 475_544 },
  { model: v1, options: { width: 1.25, widthRule: 'timm' }, source: 'timm', parameters: 6_270_840, macsM: '879.52' },
  ...at(v1, { 224: 568_740_352, 192: 418_121_728, 160: 290_675_200, 128: 186_400_768 }),
  ...at(v1, { 224: 325_400_448, 192: 239_273_472, 160: 166_396_800, 128: 106_770_432 }, { width: 0.75 }),
  ...at(v1, { 224: 149_497_088, 192: 109_970_432, 160: 76_524_800, 128: 49_160_192 }, { width: 0.5 }),
  ...at(v1, { 224: 41_030_272, 192: 30_212_608, 160: 21_059_200, 128: 13_570_048 }, { width: 0.25 }),
  {
    model: 'mobilenet_v1_standard',
    options: {},
    source: 'paper, table 4 (4866 without the classifier)',
    weights: 29_282_120,
    macs: 4_867_293_184,
  },
  {
    model: 'mobilenet_v1_shallow',
    options: {},
    source: 'paper, table 5',
    weights: 2_876_328,
    macs: 307_323_392,
  },
  { model: 'mobilenet_v1_h', options: {}, source: 'timm, mobilenetv1_100h', parameters: 5_282_600, macsM: '620.12' },
]

const versionTwo: Published[] = [
  {
    model: v2,
    options: { width: 1.4 },
    source: 'torchvision, timm, Keras',
    weights: 6_060_840,
    norm: 47_936,
    parameters: 6_108_776,
    all: 6_156_712,
    macs: 582_195_824,
  },
  {
    model: v2,
    options: { width: 1.3 },
    source: 'torchvision, timm, Keras',
    weights: 5_342_536,
    norm: 44_256,
    parameters: 5_386_792,
    all: 5_431_048,
    macs: 509_374_560,
  },
  {
    model: v2,
    options: {},
    source: 'torchvision, timm, Keras',
    weights: 3_470_760,
    norm: 34_112,
    parameters: 3_504_872,
    all: 3_538_984,
    macs: 300_774_272,
  },
  {
    model: v2,
    options: { width: 0.75 },
    source: 'torchvision, timm, Keras',
    weights: 2_609_784,
    norm: 26_640,
    parameters: 2_636_424,
    all: 2_663_064,
    macs: 209_069_792,
  },
  {
    model: v2,
    options: { width: 0.5 },
    source: 'torchvision, timm, Keras',
    weights: 1_950_136,
    norm: 18_544,
    parameters: 1_968_680,
    all: 1_987_224,
    macs: 97_131_840,
  },
  {
    model: v2,
    options: { width: 0.35 },
    source: 'torchvision, timm, Keras',
    weights: 1_663_048,
    norm: 14_080,
    parameters: 1_677_128,
    all: 1_691_208,
    macs: 59_285_808,
  },
  {
    model: v2,
    options: { width: 0.25 },
    source: 'torchvision, timm',
    weights: 1_508_456,
    norm: 10_656,
    parameters: 1_519_112,
    macs: 37_201_312,
  },
  ...at(v2, { 192: 221_316_608, 160: 154_083_200, 128: 99_074_048, 96: 56_289_152 }),
  ...at(v2, { 128: 20_220_672, 96: 11_934_128 }, { width: 0.35 }),
  ...at(v2, { 96: 18_885_440 }, { width: 0.5 }),
  ...at(v2, { 96: 39_445_472 }, { width: 0.75 }),
  { model: 'mobilenet_v2_110d', options: {}, source: 'timm', parameters: 4_516_520, macsM: '430.5' },
  { model: 'mobilenet_v2_120d', options: {}, source: 'timm', parameters: 5_831_144, macsM: '668.9' },
]

const versionThree: Published[] = [
  {
    model: large,
    options: {},
    source: 'torchvision, timm, Keras',
    weights: 5_458_632,
    norm: 24_400,
    parameters: 5_483_032,
    all: 5_507_432,
    macs: 216_589_760,
  },
  {
    model: small,
    options: {},
    source: 'torchvision, timm, Keras',
    weights: 2_530_744,
    norm: 12_112,
    parameters: 2_542_856,
    all: 2_554_968,
    macs: 56_510_400,
  },
  ...(['paper', 'timm', 'keras'] as const).flatMap((widthRule): Published[] => [
    {
      model: large,
      options: { width: 0.75, widthRule },
      source: 'timm, Keras',
      parameters: 3_993_528,
      all: 4_012_616,
      macs: 154_560_624,
    },
    {
      model: small,
      options: { width: 0.75, widthRule },
      source: 'timm, Keras',
      parameters: 2_041_872,
      all: 2_051_552,
      macs: 43_399_344,
    },
  ]),
  ...(['timm', 'keras'] as const).flatMap((widthRule): Published[] => [
    {
      model: small,
      options: { width: 0.5, widthRule },
      source: 'timm, Keras: stem kept at 16',
      parameters: 1_593_224,
      all: 1_599_720,
      macs: 24_188_688,
    },
    {
      model: large,
      options: { width: 0.5, widthRule },
      source: 'timm, Keras: stem kept at 16',
      parameters: 2_689_904,
      all: 2_702_512,
      macs: 73_663_088,
    },
    {
      model: large,
      options: { width: 0.35, widthRule },
      source: 'timm, Keras: stem kept at 16',
      parameters: 2_132_216,
      all: 2_141_208,
      macs: 43_887_824,
    },
  ]),
  {
    model: large,
    options: { width: 0.75, widthRule: 'torchvision' },
    source: 'torchvision',
    parameters: 3_377_576,
    macs: 140_033_816,
  },
  {
    model: small,
    options: { width: 0.75, widthRule: 'torchvision' },
    source: 'torchvision',
    parameters: 1_653_920,
    macs: 39_115_576,
  },
  {
    model: large,
    options: { width: 1.25, widthRule: 'timm' },
    source: 'timm: head 1280',
    parameters: 7_551_976,
    macsM: '355.2',
  },
  {
    model: large,
    options: { width: 1.25, widthRule: 'keras' },
    source: 'Keras: head 1600',
    parameters: 8_255_784,
    all: 8_286_760,
  },
  {
    model: large,
    options: { width: 1.25, widthRule: 'torchvision' },
    source: 'torchvision',
    parameters: 8_164_744,
    macsM: '343.5',
  },
  {
    model: small,
    options: { width: 1.25, widthRule: 'keras' },
    source: 'Keras: head 1280',
    parameters: 3_645_312,
    all: 3_660_640,
  },
  { model: small, options: { width: 0.35, widthRule: 'timm' }, source: 'timm', parameters: 1_358_808 },
  {
    model: small,
    options: { width: 0.35, widthRule: 'keras' },
    source: 'Keras',
    parameters: 1_350_344,
    all: 1_354_680,
  },
  {
    model: 'mobilenet_v3_large_minimalistic',
    options: {},
    source: 'timm, Keras',
    parameters: 3_924_288,
    all: 3_948_688,
    macs: 209_136_704,
  },
  {
    model: 'mobilenet_v3_small_minimalistic',
    options: {},
    source: 'timm, Keras',
    parameters: 2_044_736,
    all: 2_056_848,
    macs: 52_288_448,
  },
  { model: 'mobilenet_v3_rw', options: {}, source: 'timm', parameters: 5_479_918, macs: 216_587_936 },
  {
    model: small,
    options: { head: 1280 },
    source: 'older text: "2.9 M"',
    parameters: 2_946_568,
    macs: 56_913_856,
  },
  { model: small, options: { width: 0.75, head: 1280 }, source: 'older text: "2.4 M"', parameters: 2_408_720 },
]

/** Howard et al. 2019, table 9, recounted: scaled stem, fixed head. */
const appendix = (model: ModelName, rows: readonly (readonly [BuildOptions, string, number?])[]): Published[] =>
  rows.map(([options, macsM, parameters]) => ({
    model,
    options,
    source: 'paper, table 9',
    macsM,
    ...(parameters !== undefined && { parameters }),
  }))

const tableNine: Published[] = [
  ...appendix(large, [
    [{ width: 1.25 }, '355.22', 7_551_976],
    [{}, '216.59', 5_483_032],
    [{ width: 0.75 }, '154.56', 3_993_528],
    [{ width: 0.5 }, '69.25'],
    [{ width: 0.35 }, '39.47'],
    [{ size: 256 }, '281.66', 5_483_032],
    [{ size: 192 }, '160.19'],
    [{ size: 160 }, '112.47'],
    [{ size: 128 }, '73.43'],
    [{ size: 96 }, '43.06'],
  ]),
  ...appendix(small, [
    [{ width: 1.25 }, '90.80', 3_205_384],
    [{}, '56.51', 2_542_856],
    [{ width: 0.75 }, '43.40', 2_041_872],
    [{ width: 0.5 }, '21.05'],
    [{ width: 0.35 }, '12.82'],
    [{ size: 256 }, '73.18', 2_542_856],
    [{ size: 160 }, '29.85'],
    [{ size: 128 }, '19.85'],
    [{ size: 96 }, '12.07'],
  ]),
]

const dense: Published[] = [
  { model: 'resnet18', options: {}, source: 'torchvision', parameters: 11_689_512, macs: 1_814_073_344 },
  { model: 'resnet50', options: {}, source: 'torchvision', parameters: 25_557_032, macs: 4_089_184_256 },
]

export const published: readonly Published[] = [...versionOne, ...versionTwo, ...versionThree, ...tableNine, ...dense]
