export { adaptFiles, type Curve, type OpenAdaptationOptions, openAdaptation, readCurve } from './node-folder.ts'
