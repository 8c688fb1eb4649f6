/** Definitions loaded by name are those of the registry, and a name that is not in it is refused in the same words. */
import { expect, test } from 'vitest'
import { definitionNamed } from '../../src/models/definition.ts'
import { build, modelNames } from '../../src/models/index.ts'
import { registry } from '../../src/models/registry.ts'

test.each(modelNames)('%s', async (name) => {
  expect(await definitionNamed(name)).toBe(registry[name])
})

test.each(['mobilenet_v2x', 'mobilnet_v1', 'toString', ''])('%o is refused as build does it', async (name) => {
  expect(() => build(name)).toThrow(/^no model /)
  const said = await definitionNamed(name).catch((error: Error) => error)
  expect(said).toEqual(
    (() => {
      try {
        return build(name)
      } catch (error) {
        return error
      }
    })(),
  )
})
