/**
 * The target of kernels: the instructions, registers and caches of the machine. It has the sizes of tiles, blocks and
 * pieces, and every kernel family takes them from its target. None of these numbers changes the order of a sum, so no
 * result depends on them. Sizes that fix an order (the blocks of a reduction) are in the kernel and the same for all
 * targets. Only `relaxed` changes bits.
 *
 * The numbers were measured on x86 (16 vector registers, of which V8 allocates 15) under Node 20 and Node 24.
 * docs/decisions/006 has the measurements of the tiles.
 */

/** A tile of `rows` x `columns` sums, which stay in registers while the loop runs over the inner dimension. */
export interface TileSize {
  /** A power of two. */
  readonly rows: number
  /** A multiple of a panel's columns. */
  readonly columns: number
}

export interface Target {
  /** Sums of products use the multiply-add of relaxed SIMD, which rounds once if the processor supports it. */
  readonly relaxed: boolean
  /** Number of vectors that a loop can use before the host's compiler spills. */
  readonly registers: number
  /** Bytes of a cache line. */
  readonly cacheLine: number
  readonly pieces: {
    /**
     * Number of pieces to aim for if rows alone give too few: enough for several threads, and so few that pieces rarely
     * read the same data.
     */
    readonly least: number
    /** Elements of a piece that moves data or computes elementwise; a multiple of a vector's lanes. */
    readonly elements: number
    /** Results of a piece that adds partial sums. */
    readonly partialSums: number
  }
  readonly products: {
    /** Narrowest first. Columns are cut into stripes of the widest tile; each stripe uses the narrowest tile that fits. */
    readonly tiles: readonly TileSize[]
    /** Bytes of the left operand's rows in a block, which stay in the second-level cache for all columns. */
    readonly blockBytes: number
    /** Maximum and minimum rows of a block. */
    readonly mostRows: number
    readonly fewestRows: number
    /** Rows of a block in a product over rows: a stripe of each operand stays in the first-level cache. */
    readonly transposedRows: number
  }
  /** Maximum vectors in a row of a depthwise tile, sums included, and maximum columns of a tile. */
  readonly depthwise: { readonly vectors: number; readonly columns: number }
  /** Maximum columns of a tile of the depthwise weight gradient. */
  readonly depthwiseDwColumns: number
  /** Vectors of neighbouring channels that pooling, resizing and sums process together, with one accumulator each. */
  readonly channelVectors: number
  readonly moves: {
    /** Up to this many bytes, straight code copies and zeroes; above, memory.copy or memory.fill does. */
    readonly longestCopy: number
    readonly longestFill: number
    /** Up to this many bytes, straight code copies a patch; longer patches take a loop over rows of taps. */
    readonly longestPatch: number
  }
  readonly sharing: {
    /**
     * One thread computes a call that is smaller than both. A barrier, including the wait for a late thread, costs about a
     * microsecond. Consecutive calls that one thread computes need no barrier between them.
     */
    readonly leastMacs: number
    readonly leastBytes: number
    /** Maximum draws that a thread's range of pieces is cut into: more draws balance better, fewer cost less. */
    readonly draws: number
  }
}

/**
 * Depthwise tiles, measured over the layers of V2 and V3. With products in separate vectors, more columns are slower if
 * rows come from the second-level cache (Node 20, 7 columns: 0.8 to 1.2 times as fast). With fused multiply-adds 7 columns
 * are the fastest of 4 to 8, although x86 has 16 registers for the 19 vectors (Node 24).
 */
const depthwise = { separate: { vectors: 15, columns: 5 }, fused: { vectors: 19, columns: 7 } }

/**
 * The default target. Tiles: 2 x 16 has eight sums; with four vectors of b and one of a they fit sixteen registers. 3 x 16
 * and 6 x 8 spill under Node 20. Moves: a call of memory.copy costs as much as 256 bytes, a fill as much as 128 (Node 20).
 */
export const targetFor = ({ relaxed }: { readonly relaxed: boolean }): Target => ({
  relaxed,
  registers: 15,
  cacheLine: 64,
  pieces: { least: 16, elements: 4096, partialSums: 64 },
  products: {
    tiles: [
      { rows: 4, columns: 8 },
      { rows: 2, columns: 16 },
    ],
    blockBytes: 128 * 1024,
    mostRows: 256,
    fewestRows: 16,
    transposedRows: 128,
  },
  depthwise: relaxed ? depthwise.fused : depthwise.separate,
  depthwiseDwColumns: 4,
  channelVectors: 4,
  moves: { longestCopy: 256, longestFill: 128, longestPatch: 1024 },
  sharing: { leastMacs: 40_000, leastBytes: 40_000, draws: 8 },
})
