import type { Graph } from '../graph.ts'
import { noUpdates, type UpdateRules } from './plan.ts'

/** The rules for `graph`. Those for updates are loaded only if it has updates. */
export const rulesFor = async (graph: Graph): Promise<UpdateRules> =>
  graph.updates.length === 0 ? noUpdates : (await import('./updates.ts')).updateRules
