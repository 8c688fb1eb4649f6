/**
 * Tensors that are computed from constants on demand. Constant folding replaces nodes by them. An engine has them computed
 * directly into its memory, so folded and packed weights are never held twice. Fresh memory is the largest cost of loading
 * a network, so intermediate results share one buffer.
 */
import {
  arrayOf,
  bytesOf,
  type DType,
  dtypes,
  type Shape,
  size,
  type Tensor,
  type TypedArrayOf,
} from '../../core/index.ts'
import type { Value } from '../../ops/index.ts'

/** Results of at most this many elements (scales, biases) are cached for all readers. */
const smallest = 4096

/** Working memory, allocated and freed in stack order. */
export class Scratch {
  #buffer = new ArrayBuffer(0)
  #used = 0

  /** Runs `body`, then frees what it took. */
  frame<T>(body: () => T): T {
    const [buffer, used] = [this.#buffer, this.#used]
    try {
      return body()
    } finally {
      // A buffer that was replaced by a larger one meanwhile is not restored.
      this.#used = buffer === this.#buffer ? used : 0
    }
  }

  /** A zeroed array. */
  take(dtype: DType, length: number): TypedArrayOf {
    const from = Math.ceil(this.#used / 8) * 8
    const to = from + length * bytesOf(dtype)
    if (to > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(2 * length * bytesOf(dtype))
      this.#used = length * bytesOf(dtype)
      return new dtypes[dtype].array(this.#buffer, 0, length)
    }
    this.#used = to
    return new dtypes[dtype].array(this.#buffer, from, length).fill(0)
  }
}

/** The value of `node`. All its inputs are constants, and its op has `fold`. */
export class Deferred implements Tensor {
  readonly shape: Shape
  readonly dtype: DType
  readonly #node: Value
  #data: TypedArrayOf | undefined

  constructor(node: Value) {
    this.shape = node.shape
    this.dtype = node.dtype
    this.#node = node
  }

  /** The values, computed on first access and cached. */
  get data(): TypedArrayOf {
    if (!this.#data) {
      this.#data = arrayOf(this.dtype, size(this.shape))
      this.into(this.#data, new Scratch())
    }
    return this.#data
  }

  /** Computes the values into `y`, which is zeroed and has their length. */
  into(y: TypedArrayOf, scratch: Scratch): void {
    const { op, inputs, attrs } = this.#node
    scratch.frame(() => {
      const given = inputs.map((x) => valuesOf(x.attrs.tensor, scratch))
      op.fold!(given, attrs, { shape: this.shape, dtype: this.dtype, data: y })
    })
  }

  /** The tensor: cached if it is small, otherwise in `scratch`; a view is where its input is. */
  in(scratch: Scratch): Tensor {
    const { op, inputs, attrs } = this.#node
    const { shape, dtype } = this
    const length = size(shape)
    if (this.#data || length <= smallest) return this
    if (op.viewOffset) {
      const from = op.viewOffset(inputs, attrs)
      return { shape, dtype, data: valuesOf(inputs[0].attrs.tensor, scratch).data.subarray(from, from + length) }
    }
    const data = scratch.take(dtype, length)
    this.into(data, scratch)
    return { shape, dtype, data }
  }
}

const valuesOf = (t: Tensor, scratch: Scratch): Tensor => (t instanceof Deferred ? t.in(scratch) : t)

/** Writes a constant's values into `y`, which is zeroed and has their length. */
export function writeConstant({ attrs: { tensor } }: Value, y: TypedArrayOf, scratch: Scratch): void {
  if (tensor instanceof Deferred) tensor.into(y, scratch)
  else y.set(tensor.data)
}
