/** The leaves of a graph's JSON: inputs for a batch, parameters, and constants with their values. */
import { assert, type DType, dtypes, isObject, oneOf, sameShape, size, type Tensor, tensor } from '../../core/index.ts'
import { constant, type Init, input, parameter, type Role, type Value } from '../../ops/index.ts'
import { assertDimensions, isText, show, textRule } from './check.ts'

interface Context {
  readonly batch: number
  readonly tensors: ReadonlyMap<string, Tensor>
  /** Names of the inputs and parameters read so far. */
  readonly names: Set<string>
}

type Given = Readonly<Record<string, unknown>>

const roles: Readonly<Record<Role, true>> = { weight: true, depthwise: true, bias: true, norm: true, state: true }

/** The initialisers: the number that each kind takes, and whether it may be negative. */
const inits: Readonly<Record<Init['kind'], readonly [member: string, signed: boolean]>> = {
  constant: ['value', true],
  normal: ['std', false],
  truncated_normal: ['std', false],
  uniform: ['bound', false],
}

function members(attrs: unknown, names: readonly string[]): Given {
  assert(isObject(attrs), () => `attrs is ${show(attrs)}: it must have ${names.join(', ')}`)
  const other = Object.keys(attrs).find((name) => !names.includes(name))
  assert(other === undefined, () => `it has no attribute ${show(other)}: it has ${oneOf(names)}`)
  return attrs
}

function assertOneOf<T extends string>(
  what: string,
  value: unknown,
  table: Readonly<Record<T, unknown>>,
): asserts value is T {
  assert(
    typeof value === 'string' && Object.hasOwn(table, value),
    () => `${what} is ${show(value)}: it must be ${oneOf(Object.keys(table))}`,
  )
}

function assertName(name: unknown, { names }: Context): asserts name is string {
  assert(isText(name), () => `name is ${show(name)}: it must be ${textRule}`)
  assert(!names.has(name), () => `there are two inputs or parameters named ${show(name)}: names must be unique`)
  names.add(name)
}

function assertInit(init: unknown): asserts init is Init {
  const { kind } = (isObject(init) ? init : {}) as { readonly kind?: unknown }
  assertOneOf('kind of init', kind, inits)
  const [member, signed] = inits[kind]
  const value = (init as Given)[member]
  assert(
    Object.keys(init as Given).length === 2 && Number.isFinite(value) && (signed || (value as number) >= 0),
    () => `init is ${show(init)}: ${kind} has ${member}, a number${signed ? '' : ' from 0'}`,
  )
}

function tensorOf({ dtype, shape, data, tensor: name }: Given, { tensors }: Context): Tensor {
  assertOneOf('dtype', dtype, dtypes)
  assertDimensions(shape)
  assert((data === undefined) !== (name === undefined), 'it must have either data or tensor')
  if (name !== undefined) {
    const found = isText(name) ? tensors.get(name) : undefined
    assert(found, () => `there is no tensor ${show(name)} beside it: the file is not whole`)
    assert(
      found.dtype === dtype && sameShape(found.shape, shape),
      `tensor ${name} is [${found.shape.join(', ')}] ${found.dtype}: it must be [${shape.join(', ')}] ${dtype}`,
    )
    return found
  }
  assert(
    Array.isArray(data) && data.length === size(shape) && data.every(Number.isFinite),
    () => `data is ${show(data)}: it must be a list of ${size(shape)} numbers`,
  )
  const made = tensor(shape, data, dtype as DType)
  const wrong = dtype === 'f32' ? -1 : data.findIndex((v, i) => made.data[i] !== v)
  assert(wrong < 0, () => `data holds ${data[wrong]}: it must hold numbers of dtype ${dtype}`)
  return made
}

/** Readers of leaves, by op name. */
export const leaves = {
  input(attrs: unknown, context: Context): Value {
    const { name, dtype, shape } = members(attrs, ['name', 'dtype', 'shape'])
    assertName(name, context)
    assertOneOf('dtype', dtype, dtypes)
    assert(
      Array.isArray(shape) && (shape.length === 0 || shape[0] === 'N'),
      () => `shape is ${show(shape)}: its first dimension must be "N", the batch`,
    )
    const full: unknown = shape.length === 0 ? [] : [context.batch, ...shape.slice(1)]
    assertDimensions(full)
    return input(name, full, dtype)
  },

  parameter(attrs: unknown, context: Context): Value {
    const { name, shape, role, init } = members(attrs, ['name', 'shape', 'role', 'init'])
    assertName(name, context)
    assertDimensions(shape)
    assertOneOf('role', role, roles)
    assertInit(init)
    return parameter({ name, shape, role, init })
  },

  constant: (attrs: unknown, context: Context): Value =>
    constant(tensorOf(members(attrs, ['dtype', 'shape', 'data', 'tensor']), context)),
}
