/**
 * What kernels are made for: the instructions, registers and caches of the machine that runs them. Tiles, blocks and
 * pieces of work stand here, and a kernel family takes them from its target. None of these numbers changes the order in
 * which a sum is taken, so no result depends on them; what does fix an order (the blocks of a reduction) stands with its
 * kernel and is the same for all targets. `relaxed` alone changes bits.
 *
 * The numbers were measured on x86 (16 vector registers, of which V8 hands out 15) under Node 20 and Node 24; docs/decisions/006
 * has the measurements of the tiles.
 */

/** Sums of `rows` x `columns` that stay in registers while the inner dimension of a product passes. */
export interface TileSize {
  /** A power of two. */
  readonly rows: number
  /** A multiple of the columns of a panel. */
  readonly columns: number
}

export interface Target {
  /** Sums of products use the multiply-add of relaxed SIMD, which rounds once where the processor can. */
  readonly relaxed: boolean
  /** Vectors that a loop may hold before the host's compiler spills. */
  readonly registers: number
  /** Bytes of a cache line. */
  readonly cacheLine: number
  readonly pieces: {
    /**
     * Pieces to aim for where rows alone give too few: enough for several threads, few enough that a piece seldom reads
     * what it shares with others.
     */
    readonly least: number
    /** Elements of a piece that moves data or computes elementwise; a multiple of the lanes of a vector. */
    readonly elements: number
    /** Results of a piece that adds up partial sums. */
    readonly partialSums: number
  }
  readonly products: {
    /** From the narrowest to the widest. Columns go in stripes as wide as the widest; each takes the narrowest that fits. */
    readonly tiles: readonly TileSize[]
    /** Bytes of the left operand's rows in a block: they stay in the second-level cache while all columns pass. */
    readonly blockBytes: number
    /** Rows of a block at most and at least. */
    readonly mostRows: number
    readonly fewestRows: number
    /** Rows of a block in a product over rows: a stripe of each operand stays in the first-level cache. */
    readonly transposedRows: number
  }
  /** Vectors that a row of a depthwise tile may hold, sums included, and columns of a tile at most. */
  readonly depthwise: { readonly vectors: number; readonly columns: number }
  /** Columns of a tile of the depthwise weight gradient at most. */
  readonly depthwiseDwColumns: number
  /** Vectors of neighbouring channels that pooling, resizing and sums work on together: as many accumulators. */
  readonly channelVectors: number
  readonly moves: {
    /** Bytes up to which straight code copies and zeroes; beyond them a call of memory.copy or memory.fill does. */
    readonly longestCopy: number
    readonly longestFill: number
    /** Bytes of a patch that straight code copies; longer ones take a loop over rows of taps. */
    readonly longestPatch: number
  }
  readonly sharing: {
    /**
     * A call that does less than both is left to one thread: a barrier, and a thread that comes late to it, cost about a
     * microsecond, and calls in a row that one thread does need none between them.
     */
    readonly leastMacs: number
    readonly leastBytes: number
    /** Draws that a thread's range of pieces is cut into at most: more even out better, fewer cost less. */
    readonly draws: number
  }
}

/**
 * Depthwise tiles, measured over the layers of V2 and V3: with products in vectors of their own, more columns are slower
 * where rows come from the second-level cache (Node 20, 7 columns: 0.8 to 1.2 times as fast); with fused multiply-adds 7
 * are the fastest of 4 to 8, although x86 has 16 registers for the 19 (Node 24).
 */
const depthwise = { separate: { vectors: 15, columns: 5 }, fused: { vectors: 19, columns: 7 } }

/**
 * The default target. Tiles: 2 x 16 has eight sums, which with four vectors of b and one of a fit sixteen registers; 3 x 16
 * and 6 x 8 spill under Node 20. Moves: a call of memory.copy costs what 256 bytes take, a fill what 128 take (Node 20).
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
