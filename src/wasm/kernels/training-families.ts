/**
 * The families that training steps have and hardly any other graph: those of gradients, dropout, weights that are packed
 * in each run, patches that two read. They are loaded together (training.ts).
 */
export const trainingFamilies = [
  'depthwise_conv2d_dw',
  'depthwise_conv2d_dx',
  'dropout',
  'flip_transpose',
  'im2col',
  'matmul',
  'max_pool_dx',
  'pack',
  'packed_matmul transA',
  'resize_bilinear_dx',
] as const
