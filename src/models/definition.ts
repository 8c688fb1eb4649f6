/** Loads definitions of the registry by name. A page loads only the file of its own network. */
import type { Definition } from './family.ts'

type Definitions = Readonly<Record<string, Definition>>

/** Loaders by the prefix of the networks' names. */
const files: Readonly<Record<string, () => Promise<Definitions>>> = {
  mobilenet_v1: async () => (await import('./mobilenet-v1.ts')).mobileNetV1,
  mobilenet_v2: async () => (await import('./mobilenet-v2.ts')).mobileNetV2,
  mobilenet_v3: async () => (await import('./mobilenet-v3.ts')).mobileNetV3,
  resnet: async () => (await import('./resnet.ts')).resNet,
}

/** Loads the definition of a network of the registry. Rejects with a `UsageError` for an unknown name. */
export async function definitionNamed(name: string): Promise<Definition> {
  const start = Object.keys(files).find((start) => name.startsWith(start))
  const definitions = start ? await files[start]() : {}
  if (Object.hasOwn(definitions, name)) return definitions[name]
  throw (await import('./registry.ts')).unknownModel(name)
}
