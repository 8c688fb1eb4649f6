/** Checks of the model files that carry a graph. Pages import this file when they load one. */
import { assert } from '../core/index.ts'
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
