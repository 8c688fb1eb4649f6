/** All networks by name. Tests walk the registry, so a new entry is tested without further code. */
import { nearest, oneOf, UsageError } from '../core/index.ts'
import type { Definition, Publication } from './family.ts'
import { mobileNetV1, publishedV1 } from './mobilenet-v1.ts'
import { mobileNetV2, publishedV2 } from './mobilenet-v2.ts'
import { mobileNetV3, publishedV3 } from './mobilenet-v3.ts'
import { publishedResNet, resNet } from './resnet.ts'

export const registry = { ...mobileNetV1, ...mobileNetV2, ...mobileNetV3, ...resNet } satisfies Record<
  string,
  Definition
>

/** A name in the registry. */
export type ModelName = keyof typeof registry

export const modelNames = Object.keys(registry) as readonly ModelName[]

/** The error for a name that is not in the registry. */
export function unknownModel(name: string): UsageError {
  const meant = nearest(name, modelNames)
  return new UsageError(`no model ${name}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(modelNames)}`)
}

/** Where each network is published. */
export const publications = (): Readonly<Record<ModelName, Publication>> => ({
  ...publishedV1(),
  ...publishedV2(),
  ...publishedV3(),
  ...publishedResNet(),
})
