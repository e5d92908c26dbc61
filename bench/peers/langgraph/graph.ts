import { valueOf, type ShapeTask } from '../../shapes.ts'
import { levelsOf } from '../levels.ts'
import type { Graph, LangGraphSdk, State, Update, Values } from './sdk.ts'

const MANY = 10

/**
 * A node for each task. Where a level has many tasks they are one node that is sent each of them, as map and reduce is
 * written.
 */
export function graphOf(
  { Annotation, StateGraph, Send, START, END }: LangGraphSdk,
  tasks: readonly ShapeTask[],
): Graph {
  const values = Annotation({ reducer: (all, added) => ({ ...all, ...added }), default: () => ({}) })
  const graph = new StateGraph(Annotation.Root({ values }))
  const many = levelsOf(tasks).find((level) => level.length > MANY) ?? []
  const sent = new Set(many.map(({ key }) => key))
  for (const { key, dependsOn } of tasks) {
    if (sent.has(key)) continue
    graph.addNode(key, (state) => update(key, inputsOf(state.values, dependsOn)))
    const from = dependsOn.some((name) => sent.has(name)) ? [EACH] : [...dependsOn]
    graph.addEdge(from.length > 1 ? from : (from[0] ?? START), key)
  }
  const source = many[0]?.dependsOn[0]
  if (source !== undefined) {
    graph.addNode(EACH, ({ task = '', input = Number.NaN }) => update(task, [input]))
    const send = (state: State): object[] =>
      many.map(({ key }) => new Send(EACH, { values: {}, task: key, input: state.values[source] ?? Number.NaN }))
    graph.addConditionalEdges(source, send, [EACH])
  }
  graph.addEdge(tasks.at(-1)?.key ?? START, END)
  return graph
}

const EACH = 'each'
const inputsOf = (values: Values, keys: readonly string[]): number[] => keys.map((key) => values[key] ?? Number.NaN)
const update = (key: string, inputs: readonly number[]): Update => ({ values: { [key]: valueOf(inputs) } })
