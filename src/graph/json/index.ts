/** Reads and writes graphs as JSON. A separate entry: a page loads it only for a file that contains a graph. */

export type { GraphJson, JsonAttribute, JsonConstant, JsonInput, JsonNode, JsonOp, JsonParameter } from './format.ts'
export { constantPrefix } from './format.ts'
export { graphFromJson, opNamesOf, type ReadGraphOptions } from './read.ts'
export { graphToJson, type WrittenGraph } from './write.ts'
