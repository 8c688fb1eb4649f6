import type { Graph } from '../graph.ts'
import { noUpdates, type UpdateRules } from './plan.ts'

/** The rules that `graph` needs; those of updates are loaded for a graph that has some. */
export const rulesFor = async (graph: Graph): Promise<UpdateRules> =>
  graph.updates.length === 0 ? noUpdates : (await import('./updates.ts')).updateRules
