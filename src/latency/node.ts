export { measuredHere } from './node-device.ts'
