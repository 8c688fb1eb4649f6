/** Graphs as JSON, written and read. A door of its own: a page loads it only for a file that carries a graph. */

export type { GraphJson, JsonAttribute, JsonConstant, JsonInput, JsonNode, JsonOp, JsonParameter } from './format.ts'
export { constantPrefix } from './format.ts'
export { graphFromJson, opNamesOf, type ReadGraphOptions } from './read.ts'
export { graphToJson, type WrittenGraph } from './write.ts'
