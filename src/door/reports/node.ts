export * from './index.ts'
export { pictureOf } from './node-pictures.ts'
