export type { Quartiles } from '../core/index.ts'
export { type Budget, parseBudget, showBudget } from './budget.ts'
export { type Agreement, agreementOf, type CheckedNetwork, checkedNetwork, checkSums } from './check.ts'
export { lackingIn, latencyOf, unitMs } from './latency.ts'
export { layerUnitsOf, unitsOf } from './layers.ts'
export { type Measured, type MeasuredGroup, type MeasureOptions, measureUnits } from './measure.ts'
export { type NamedTable, namedTable } from './named-table.ts'
export type { OpLayer } from './op-layer.ts'
export { type PlanOptions, planOf } from './plan.ts'
export {
  namedResource,
  parseResourceName,
  type Resource,
  type ResourceName,
  resourceNames,
  resourceOf,
  showResource,
  type UnitName,
} from './resource.ts'
export {
  assertMeasuredWith,
  assertTable,
  type Device,
  describeTable,
  entryOf,
  isQuartiles,
  type LatencyTable,
  type MeasuredWith,
  readTable,
  type TableEntry,
  writeTable,
} from './table.ts'
export { engineTimer, type Timer, type TimingOptions } from './timer.ts'
export { describeUnit, entryKey, layerOf, type Unit, type UnitKind, unitKey } from './units.ts'
