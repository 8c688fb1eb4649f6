/** Images, sets of images, augmentation and the loader: what works in Node and in a page alike. */
export { type Augmentation, type AugmentationName, augmentationNames, augmentationOf } from './augmentation.ts'
export { type CheckOptions, checkDataset } from './check.ts'
export { type CifarKind, cifarDataset } from './cifar.ts'
export {
  classCounts,
  type Dataset,
  type DatasetSource,
  type FileSource,
  fingerprint,
  type SubsetSource,
  subset,
} from './dataset.ts'
export { fashionMnistClasses, idxDataset, type NamedBytes } from './idx.ts'
export { fromGrey, fromRgba, type RgbImage, rgbImage } from './image.ts'
export { type Batch, batchesOf, type LoaderOptions, loader } from './loader.ts'
export { type ArraysOptions, arrays, type PixelSource } from './pixels.ts'
export type { LoaderPool } from './pool.ts'
export { preprocess, resizeAndCrop } from './preprocess.ts'
export {
  assertPreprocessing,
  type Preprocessing,
  type PreprocessingName,
  preprocessingNames,
  preprocessingPreset,
} from './preprocessing.ts'
export { type DataIssue, type DataReport, formatReport, type IssueKind, issueKinds } from './report.ts'
export { splitDataset } from './split.ts'
export type { BatchData, BatchTask, CheckTask, DamagedImage, Tasks } from './tasks.ts'
