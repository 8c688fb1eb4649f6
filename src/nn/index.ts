/** The builder of layers, and the network interface that training, files and the front door use. */
export * from './builder.ts'
export { classifierOf, withClasses } from './classes.ts'
export * from './classifier.ts'
export { type Form, type ForwardOptions, formOf } from './forms.ts'
export { networkFrom, withShapes } from './from-graph.ts'
export { type NetworkKit, runnable, trainable } from './kit.ts'
export type { Architecture, Meta, Provenance } from './meta.ts'
export * from './network.ts'
