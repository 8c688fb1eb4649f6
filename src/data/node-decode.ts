import type { RgbImage } from './image.ts'

/** Decodes a file's bytes. */
export declare function decodeImage(bytes: Uint8Array, name: string, atLeast?: number): Promise<RgbImage>
/** Reads and decodes a file. */
export declare function readImage(path: string, atLeast?: number): Promise<RgbImage>
