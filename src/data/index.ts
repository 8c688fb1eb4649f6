/** Images, datasets, augmentation and the loader: everything that works both in Node and in a page. */
export { type Augmentation, type AugmentationName, augmentationNames, augmentationOf } from './augment/augmentation.ts'
export { fromGrey, fromRgba, type RgbImage, rgbImage } from './images/image.ts'
export { preprocess, resizeAndCrop } from './images/preprocess.ts'
export {
  assertPreprocessing,
  type Preprocessing,
  type PreprocessingName,
  preprocessingNames,
  preprocessingPreset,
} from './images/preprocessing.ts'
export { type Batch, batchesOf, type LoaderOptions, loader } from './loader/loader.ts'
export type { LoaderPool } from './loader/pool.ts'
export type { BatchData, BatchTask, CheckTask, DamagedImage, Tasks } from './loader/tasks.ts'
export { type CheckOptions, checkDataset } from './sets/check.ts'
export { type CifarKind, cifarDataset } from './sets/cifar.ts'
export {
  classCounts,
  type Dataset,
  type DatasetSource,
  type FileSource,
  fingerprint,
  type PixelSource,
  type SubsetSource,
  subset,
} from './sets/dataset.ts'
export { fashionMnistClasses, idxDataset, type NamedBytes } from './sets/idx.ts'
export { type ArraysOptions, arrays } from './sets/pixels.ts'
export { type DataIssue, type DataReport, formatReport, type IssueKind, issueKinds } from './sets/report.ts'
export { splitDataset } from './sets/split.ts'
