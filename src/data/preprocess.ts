import type { RgbImage } from './image.ts'
import type { Preprocessing } from './preprocessing.ts'

/** One image as a network sees it: float32 `[height, width, 3]`. */
export declare function preprocess(image: RgbImage, preprocessing: Preprocessing): Float32Array
