/** Checks of model files that pages import when they need them: for a file that carries a graph, or whose parts do not fit. */
import { assert } from '../core/index.ts'
import type { Preprocessing } from '../data/index.ts'
import type { ModelFile } from '../formats/index.ts'
import { assertClassifier, type Network } from '../nn/index.ts'

/** Throws unless the network classifies, and its file names the classes and the preprocessing. */
export function assertClassifies(network: Network, what: string): void {
  assertClassifier(network, what)
  const { classes, preprocessing } = network.meta
  assert(
    classes && preprocessing,
    () =>
      `${what}: it has no ${classes ? 'preprocessing of images' : 'names of its classes'}: a network that classifies ` +
      'needs both: write it again with save',
  )
}

/** Throws unless the classes and the preprocessing of a file fit its network. */
export function assertParts(
  network: Network,
  { classes, preprocessing }: Pick<ModelFile, 'classes' | 'preprocessing'>,
  what: string,
): void {
  if (classes) {
    assertClassifier(network, what)
    assert(
      classes.length === network.classes,
      `${what}: ${classes.length} classes are named, its network has ${network.classes} outputs: the file is damaged`,
    )
  }
  if (preprocessing) assertFits(preprocessing, network, what)
}

/** Throws a `KingletError` unless preprocessed images have the input shape of the network. */
export function assertFits({ size: [height, width] }: Preprocessing, { inputShape }: Network, what: string): void {
  assert(
    inputShape.join() === [height, width, 3].join(),
    `${what}: its preprocessing makes images [${height}, ${width}, 3], its network takes [${inputShape.join(', ')}]: the ` +
      'two must be the same',
  )
}
