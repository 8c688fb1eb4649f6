/** Element types of tensors, and the typed arrays that hold them. */
export const dtypes = {
  f32: { bytes: 4, array: Float32Array },
  i32: { bytes: 4, array: Int32Array },
  i8: { bytes: 1, array: Int8Array },
  u8: { bytes: 1, array: Uint8Array },
} as const

export type DType = keyof typeof dtypes

interface Arrays {
  f32: Float32Array
  i32: Int32Array
  i8: Int8Array
  u8: Uint8Array
}

export type TypedArrayOf<T extends DType = DType> = Arrays[T]

/** Bytes of one element of `dtype`. */
export const bytesOf = (dtype: DType): number => dtypes[dtype].bytes

/** A zeroed typed array of `length` elements. */
export const arrayOf = <T extends DType>(dtype: T, length: number): TypedArrayOf<T> =>
  new dtypes[dtype].array(length) as TypedArrayOf<T>
