/**
 * `node scripts/make-fashion-slice.js [folder]`: writes the slice of Fashion-MNIST in data/fashion-mnist. It takes the
 * first 1,000 training images and the first 200 test images of each class, in their original order, and writes gzipped
 * IDX files. `folder` has the files of the full set, by default those of Debian's package dataset-fashion-mnist. The
 * result is in the repository; run this only when the selection changes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { root } from './prepare.js'

const source = process.argv[2] ?? '/usr/share/datasets/fashion-mnist'
const target = join(root, 'data/fashion-mnist')
const classes = 10
const parts = [
  { from: 't10k', to: 'test', perClass: 200 },
  { from: 'train', to: 'train', perClass: 1000 },
]

/** The dimensions and the data of an IDX file: `[magic, dimensions..., bytes]`. */
function read(name, rank) {
  const bytes = gunzipSync(readFileSync(join(source, name)))
  const magic = bytes.readUInt32BE(0)
  if (magic !== 0x800 + rank) throw new Error(`${name}: not an IDX file of ${rank} dimensions`)
  const dims = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i))
  return { dims, data: bytes.subarray(4 + 4 * rank) }
}

function write(name, dims, data) {
  const header = Buffer.alloc(4 + 4 * dims.length)
  header.writeUInt32BE(0x800 + dims.length)
  for (const [i, d] of dims.entries()) header.writeUInt32BE(d, 4 + 4 * i)
  writeFileSync(join(target, name), gzipSync(Buffer.concat([header, ...data]), { level: 9 }))
}

mkdirSync(target, { recursive: true })
for (const { from, to, perClass } of parts) {
  const images = read(`${from}-images-idx3-ubyte.gz`, 3)
  const labels = read(`${from}-labels-idx1-ubyte.gz`, 1)
  const size = images.dims[1] * images.dims[2]
  const taken = new Array(classes).fill(0)
  const chosen = [...labels.data.keys()].filter((i) => taken[labels.data[i]]++ < perClass)
  if (chosen.length !== classes * perClass) throw new Error(`${from}: only ${chosen.length} images were found`)
  write(
    `${to}-images-idx3-ubyte.gz`,
    [chosen.length, images.dims[1], images.dims[2]],
    chosen.map((i) => images.data.subarray(i * size, (i + 1) * size)),
  )
  write(`${to}-labels-idx1-ubyte.gz`, [chosen.length], [Buffer.from(chosen.map((i) => labels.data[i]))])
  console.log(`${to}: ${chosen.length} of ${labels.data.length} images`)
}
