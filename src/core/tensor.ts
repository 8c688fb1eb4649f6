/** A dense row-major array with its shape: the input and output of every engine. */
import { arrayOf, type DType, dtypes, type TypedArrayOf } from './dtype.ts'
import { assert } from './errors.ts'
import { assertShape, type Shape, showShape, size } from './shape.ts'

export interface Tensor<T extends DType = DType> {
  readonly shape: Shape
  readonly dtype: T
  readonly data: TypedArrayOf<T>
}

/** Makes a tensor of `data`, without a copy. Throws when its length does not match `shape`. */
export function tensor(shape: Shape, data: Float32Array | readonly number[]): Tensor<'f32'>
export function tensor<T extends DType>(shape: Shape, data: TypedArrayOf<T> | readonly number[], dtype: T): Tensor<T>
export function tensor(shape: Shape, data: TypedArrayOf | readonly number[], dtype: DType = 'f32'): Tensor {
  assertShape(shape, 'tensor')
  assert(
    data.length === size(shape),
    () => `tensor: ${data.length} values given for shape ${showShape(shape)}, which holds ${size(shape)}`,
  )
  if (data.constructor === dtypes[dtype].array) return { shape, dtype, data: data as TypedArrayOf }
  const copy = arrayOf(dtype, data.length)
  copy.set(data)
  return { shape, dtype, data: copy }
}

/** A tensor of zeros. */
export const zeros = <T extends DType = 'f32'>(shape: Shape, dtype: T = 'f32' as T): Tensor<T> => ({
  shape,
  dtype,
  data: arrayOf(dtype, size(shape)),
})

/**
 * The entries `kept` of `t` along an axis, in that order: `take(w, 3, [0, 2])` is filters 0 and 2 of w [kh, kw, cin,
 * cout].
 */
export function take(t: Tensor, axis: number, kept: readonly number[]): Tensor {
  const [outer, length, inner] = [size(t.shape.slice(0, axis)), t.shape[axis], size(t.shape.slice(axis + 1))]
  const data = arrayOf(t.dtype, outer * kept.length * inner)
  for (let o = 0; o < outer; o++)
    for (const [i, from] of kept.entries()) {
      const at = (o * length + from) * inner
      data.set(t.data.subarray(at, at + inner), (o * kept.length + i) * inner)
    }
  return { ...t, shape: t.shape.with(axis, kept.length), data }
}

/** Describes the first value that is NaN or infinite in named tensors; undefined when all are finite. */
export function nonFinite(tensors: Iterable<readonly [name: string, Tensor]>): string | undefined {
  for (const [name, { data }] of tensors) {
    // x * 0 is 0 for finite x, and NaN otherwise.
    let zero = 0
    for (let i = 0; i < data.length; i++) zero += data[i] * 0
    if (zero === 0) continue
    const at = data.findIndex((v) => !Number.isFinite(v))
    return `${name} holds ${data[at]} at element ${at}`
  }
  return undefined
}
