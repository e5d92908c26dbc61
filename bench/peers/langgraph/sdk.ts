import type { Pool } from 'pg'

/** What the tasks have computed so far, by key; a node's own, which are added to it. */
export type Values = Readonly<Record<string, number>>
/** `task` and `input` are those of a node that was sent what it works on. */
export type State = Readonly<{ values: Values; task?: string; input?: number }>
export type Update = Readonly<{ values: Values }>
type Field = Readonly<{ reducer: (all: Values, added: Values) => Values; default: () => Values }>

export interface Graph {
  addNode(name: string, run: (state: State) => Update): void
  addEdge(from: string | string[], to: string): void
  addConditionalEdges(from: string, choose: (state: State) => object[], to: string[]): void
  compile(options: Readonly<{ checkpointer: object }>): CompiledGraph
}

export type CompiledGraph = Readonly<{
  invoke(
    input: State,
    options: Readonly<{
      configurable: Readonly<{ thread_id: string }>
      durability: 'sync'
      recursionLimit: number
    }>,
  ): Promise<State>
}>

/** As much of LangGraph as the bench uses. */
export type LangGraphSdk = Readonly<{
  Annotation: ((field: Field) => object) & Readonly<{ Root(fields: Readonly<Record<string, object>>): object }>
  StateGraph: new (state: object) => Graph
  Send: new (node: string, state: State) => object
  START: string
  END: string
}>

export type CheckpointSdk = Readonly<{ PostgresSaver: new (pool: Pool) => Readonly<{ setup(): Promise<void> }> }>

export const SDK: string = '@langchain/langgraph'
export const CHECKPOINT_SDK: string = '@langchain/langgraph-checkpoint-postgres'
/** Connections, as BullMQ on Postgres has. */
export const POOL = 20
