/**
 * Networks of the registry and of given rows, with their groups for NetAdapt and units for latency tables. The fixture
 * `test/fixtures/registry-parts.json` holds the results of the code that derived both from rows, operator by operator
 * (version 0.1.0, before they came from the graph): texts of a few networks, hashes of all.
 */
import { createHash } from 'node:crypto'
import { type Unit, unitKey } from '../../src/latency/index.ts'
import { type BuildOptions, build, type Model, modelNames, withRows } from '../../src/models/index.ts'
import { type Channels, type Group, groupsOf, shrink } from '../../src/prune/index.ts'
import { mixedRows } from '../models/mixed-rows.ts'

/** The contents of the fixture. */
export interface Parts {
  readonly texts: Readonly<Record<string, { readonly groups: readonly string[]; readonly units: readonly string[] }>>
  readonly hashes: Readonly<Record<string, Readonly<Record<'groups' | 'units' | 'architecture', string>>>>
  /** For each group of a network: the weights and the architecture after it was shrunk. */
  readonly shrunk: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const variants: readonly BuildOptions[] = [
  {},
  { size: 64, classes: 10 },
  { size: 28, reduction: 8, width: 0.5, classes: 10 },
  { size: 32, reduction: 4, width: 1.4, activation: 'swish', se: [1, 2], seRatio: 3, padding: 'same' },
  { size: 40, convolution: 'standard', se: 'all', widthRule: 'keras', width: 0.35 },
  { size: 32, se: 'all', classes: 7, channels: 1 },
  { size: [45, 61], padding: 'same', se: 'none' },
  { size: 67, outputStride: 8 },
]

const changed = (name: string, change: object) =>
  mixedRows.map((row) => (row.name === name ? { ...row, ...change } : row))

const mixed: Readonly<Record<string, BuildOptions>> = {
  mixed: { rows: mixedRows },
  'mixed, standard with SE': { rows: mixedRows, convolution: 'standard', se: 'all' },
  'mixed, no expansion': { rows: changed('blocks.0', { exp: 8 }) },
  'mixed, no expansion, standard': { rows: changed('blocks.0', { exp: 8 }), convolution: 'standard' },
  'mixed, no expansion, standard, shortcut': {
    rows: changed('blocks.0', { exp: 8, out: 8, stride: 1, outAct: 'relu' }),
    convolution: 'standard',
  },
  'mixed, as wide as the input': { rows: changed('blocks.3', { out: 12, stride: 1, exp: 12, se: true }) },
  'mixed, wider at stride 1': { rows: changed('blocks.2', { out: 40 }), padding: 'same' },
}

const repeated = (): Model => {
  const net = build('mobilenet_v3_small', { width: 0.5, size: 64, classes: 3 })
  const twice = (name: string, change: object) =>
    net.rows.flatMap((row) => (row.name === name ? [row, { ...row, name: `${name}b`, ...change }] : [row]))
  return withRows(net, twice('blocks.7', { exp: 52 }))
}

const shrunk = (name: string, options: BuildOptions): Model =>
  groupsOf(build(name, options)).reduce(
    (net, { name }, i) => {
      const group = groupsOf(net).find((g) => g.name === name)!
      return i % 3 === 0 ? shrink(net, group, kept(group)) : net
    },
    build(name, options),
  )

/** A quarter fewer channels, and not as many as a neighbour has. */
export function kept({ count, apart }: Group): number {
  let n = Math.max(1, Math.floor(0.75 * count))
  while (apart.includes(n)) n++
  return n
}

const small = { size: 32, reduction: 8, width: 0.35, classes: 5 } as const

/** Each network by a descriptive name. */
export const networks: ReadonlyMap<string, () => Model> = new Map([
  ...modelNames.flatMap((name) =>
    variants.map((options) => [`${name} ${JSON.stringify(options)}`, () => build(name, options)] as const),
  ),
  ...Object.entries(mixed).map(
    ([name, options]) =>
      [name, () => build('mobilenet_v2', { size: 32, reduction: 8, classes: 5, ...options })] as const,
  ),
  ['repeated', repeated],
  ...['mobilenet_v1', 'mobilenet_v2', 'mobilenet_v3_large', 'resnet18', 'resnet50'].map(
    (name) => [`${name}, shrunk`, () => shrunk(name, { ...small, se: 'all' })] as const,
  ),
])

const channelsText = ({ slices, filters }: Channels): string =>
  slices
    .map((slice) => {
      const isFilter = filters.some(({ tensor, axis }) => tensor === slice.tensor && axis === slice.axis)
      const { tensor, axis, ...rest } = slice
      const other = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : ''
      return `${tensor}#${axis}${other}${isFilter ? '*' : ''}`
    })
    .sort()
    .join(' ')

/** Describes a group completely. The order of its slices does not matter. */
export const groupText = ({ name, kind, count, fields, channels, squeezed, apart }: Group): string =>
  [
    `${name} ${kind} ${count}`,
    `fields ${fields.map(({ row, number }) => `${row}.${number}`).join(' ')}`,
    ...channels.map((own) => `channels ${channelsText(own)}`).sort(),
    ...squeezed.map(({ row, channels }) => `squeezed ${row} ${channelsText(channels)}`),
    `apart ${apart.join(' ')}`,
  ].join('; ')

export const unitText = (unit: Unit): string => `${unitKey(unit)} ${JSON.stringify(Object.entries(unit).sort())}`

export const hashOf = (lines: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const line of lines) hash.update(line).update('\n')
  return hash.digest('hex').slice(0, 16)
}

/** The architecture as in files, and that of the same network built from its own rows. */
export function architectureHash(net: Model): string {
  const { outputStride } = net.architecture.options
  const own = outputStride === 32 ? [withRows(net, net.rows).architecture] : []
  return hashOf([net.architecture, ...own].map((architecture) => JSON.stringify(architecture)))
}

/** The weights of a network, names and bytes. */
export const weightsHash = ({ weights }: Pick<Model, 'weights'>): string =>
  hashOf(
    [...weights].flatMap(([name, { shape, data }]) => [
      `${name} ${shape}`,
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ]),
  )
