/** What networks are made with: the builder of layers, and a network as training, files and the front door see it. */
export * from './builder.ts'
export * from './network.ts'
