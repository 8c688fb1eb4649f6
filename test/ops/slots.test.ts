/** A contract that omits a slot does not compile, nor does a call with a wrong name. */
import { beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../support/built.ts'
import { markdownBlocks } from '../support/code-blocks.ts'
import { textOf } from '../support/sources.ts'

const slots = {
  name: `'twice'`,
  inputs: `{ x: 'NK' }`,
  attrs: `{ by: 2 }`,
  shape: '({ x }) => x.shape',
  cost: 'free',
  reference: '({ x }, { by }, y) => { for (let i = 0; i < x.data.length; i++) y.data[i] = by * x.data[i] }',
  grad: '(_x, { by }, dy) => ({ x: mul(dy, by) })',
  lower: '({ x }, { by }) => mul(x, by)',
  samples: '[{ inputs: { x: [3, 5] } }]',
}
const elementwiseSlots = {
  name: `'sign'`,
  inputs: `'x'`,
  attrs: '{}',
  apply: '(_, x) => Math.sign(x)',
  grad: `no('piecewise constant')`,
  lower: 'native',
  samples: '[{ inputs: { x: [2, 3, 5, 7] }, kinks: [0] }]',
}
const ops = '../../src/ops/index.ts'
const head =
  'import { completeElementwise, completeOp, conv2d, declareElementwise, declareOp, defineElementwise, defineOp, free, ' +
  `input, mul, native, no } from '${ops}'\n`

const program = (define: string, slots: Readonly<Record<string, string>>, without?: string): string => {
  const kept = Object.entries(slots).filter(([name]) => name !== without)
  return `${head}export const made = ${define}({\n${kept.map(([name, text]) => `  ${name}: ${text},`).join('\n')}\n})\n`
}

const definitions = [
  ['defineOp', slots],
  ['defineElementwise', elementwiseSlots],
] as const

/** The slots of the two halves, as this package's own ops have them. */
const declared = ['name', 'inputs', 'attrs', 'shape', 'lower']
const halves = (define: string, all: Readonly<Record<string, string>>, without?: string): string => {
  const kind = define.replace('define', '')
  const text = (isIn: (slot: string) => boolean) =>
    Object.entries(all)
      .filter(([name]) => isIn(name) && name !== without)
      .map(([name, text]) => `  ${name}: ${text},\n`)
      .join('')
  return (
    `${head}export const made = declare${kind}({\n${text((slot) => declared.includes(slot))}})\n` +
    `export const contract = complete${kind}(made, {\n${text((slot) => !declared.includes(slot))}})\n`
  )
}
/** The table of src/ops/all.ts, over these files instead of its own. */
const tableOf = (list: string): string =>
  textOf('src/ops/all.ts').replaceAll("'./", "'../../src/ops/").replace('../../src/ops/list.ts', list)
const left = definitions.flatMap(([define, all]) => Object.keys(all).map((slot) => [define, slot, all] as const))

/** The ops of docs/ops.md. */
const documented = markdownBlocks('docs/ops.md')

const files: Record<string, string> = {
  ...Object.fromEntries(definitions.map(([define, all]) => [`${define}.ts`, program(define, all)])),
  ...Object.fromEntries(left.map(([define, slot, all]) => [`${define}-${slot}.ts`, program(define, all, slot)])),
  ...Object.fromEntries(definitions.map(([define, all]) => [`${define}-halves.ts`, halves(define, all)])),
  ...Object.fromEntries(left.map(([define, slot, all]) => [`${define}-half-${slot}.ts`, halves(define, all, slot)])),
  'table.ts': tableOf('./defineOp-halves.ts'),
  'table-whole.ts': tableOf('./defineElementwise.ts'),
  'table-half.ts': tableOf('./half.ts'),
  'half.ts': halves('defineOp', slots).replace('export const contract', 'const contract'),
  'folds.ts': halves('defineOp', slots, 'reference').replace('\n})', `\n  fold: ${slots.reference},\n})`),
  ...Object.fromEntries(documented.map(({ code }, i) => [`documented-${i}.ts`, code.replace('kinglet/ops', ops)])),
  'refused.ts': program('defineOp', { ...slots, grad: `no('piecewise constant')`, lower: 'native' }),
  'no-reason.ts': program('defineOp', { ...slots, grad: 'no()' }),
  'null-gradient.ts': program('defineOp', { ...slots, grad: 'null' }),
  'other-gradient.ts': program('defineOp', { ...slots, grad: '(_x, _attrs, dy) => ({ z: dy })' }),
  'call.ts': `${head}export const y = conv2d({ x: input('x', [1, 8, 8, 3]), w: input('w', [3, 3, 3, 8]) }, { stride: 2 })\n`,
  'call-attribute.ts': `${head}export const y = conv2d({ x: input('x', [1, 8, 8, 3]), w: input('w', [3, 3, 3, 8]) }, { strides: 2 })\n`,
  'call-input.ts': `${head}export const y = conv2d({ x: input('x', [1, 8, 8, 3]), weights: input('w', [3, 3, 3, 8]) })\n`,
}

let errors: Map<string, string[]>
beforeAll(async () => {
  errors = new Map(Object.keys(files).map((name) => [name, []]))
  let file: string[] | undefined
  for (const line of await compile(files)) {
    const at = /^([\w-]+\.ts)\(\d+,\d+\): error (.*)$/.exec(line)
    // Indented lines continue the message above.
    if (at) file = errors.get(at[1])!
    else if (!line.startsWith(' ')) throw new Error(`not about a file of this test: ${line}`)
    file?.push(at ? at[2] : line)
  }
})
const errorsOf = (name: string): string => errors.get(name)!.join('\n')

describe('contracts', () => {
  it.each([
    'defineOp.ts',
    'defineElementwise.ts',
    'defineOp-halves.ts',
    'defineElementwise-halves.ts',
    'folds.ts',
    'table.ts',
    'table-whole.ts',
    ...documented.map((_, i) => `documented-${i}.ts`),
    'refused.ts',
    'call.ts',
  ])('%s: a whole one compiles', (name) => {
    expect(errorsOf(name)).toBe('')
  })

  it.each(left)('%s without %s does not compile', (define, slot) => {
    expect(errorsOf(`${define}-${slot}.ts`)).toMatch(new RegExp(`Property '${slot}' is missing in type`))
  })

  it.each(left)('%s in two halves without %s does not compile', (define, slot) => {
    expect(errorsOf(`${define}-half-${slot}.ts`)).toMatch(new RegExp(`Property '${slot}' is missing in type`))
  })

  it('a declared op without a completion does not compile in the table of all ops', () => {
    expect(errorsOf('table-half.ts')).toMatch(/'incomplete' is missing in type (.|\n)*"twice"/)
  })

  it('a refusal needs a reason, and null is not one', () => {
    expect(errorsOf('no-reason.ts')).toContain('Expected 1 arguments, but got 0')
    expect(errorsOf('null-gradient.ts')).toContain(`Type 'null' is not assignable to type`)
  })

  it('a gradient of an unknown input does not compile', () => {
    expect(errorsOf('other-gradient.ts')).toContain(`Type '{ z: Value; }' has no properties in common`)
  })

  it('a call with an unknown name does not compile', () => {
    expect(errorsOf('call-attribute.ts')).toContain(`'strides' does not exist in type`)
    expect(errorsOf('call-input.ts')).toContain(`'weights' does not exist in type`)
  })
})
