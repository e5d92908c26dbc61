import type { LoadMedia, ReadDocument, SearchKnowledge, SettingsByPurpose, Tool } from '@flotilla/agents'
import type { Db, TaskRecord, TaskRef } from '@flotilla/db'
import type {
  Circuits,
  ModelRegistry,
  ModelTimeouts,
  PriceTable,
  RateGate,
  RetryPolicy,
  UnknownPriceRule,
} from '@flotilla/llm'
import type { Hints } from '@flotilla/queue'
import type { Log } from '@flotilla/runtime'
import type pg from 'pg'
import type { EngineMetrics } from './engine-metrics.ts'
import type { Admit } from './money/admissions.ts'
import type { Trace } from './trace.ts'

/** A run's documents as its tasks may read them: with the rights of its workspace. */
export type Knowledge = Readonly<{
  /** Prepares the documents of a collection for search; does what is not done yet. */
  index: (workspaceId: number, collectionId: number) => Promise<void>
  search: (workspaceId: number, collectionId: number) => SearchKnowledge
  read: (workspaceId: number, collectionId: number) => ReadDocument
  media: (workspaceId: number, collectionId: number) => LoadMedia
}>

/** What runs, plans, judges and finishes: the record, the models, the documents. */
export type RunDeps = Readonly<{
  pool: pg.Pool
  db: Db
  models: ModelRegistry
  prices: PriceTable
  /** What becomes of a model without a price. */
  unknownPrice: UnknownPriceRule
  /** Stand in for a model that does not answer, in this order. */
  fallbackModels: readonly string[]
  /** The fleet's, of every provider, model and key. */
  gate: RateGate
  circuits: Circuits
  /** Of tries of one model call, before its task is tried again. */
  callRetry: RetryPolicy
  /** Of every model call whose agent sets none. */
  callTimeouts?: Partial<ModelTimeouts>
  /** Of calls of planners, judges and analyses. */
  callSettings?: SettingsByPurpose
  admit: Admit
  /** What a task starts from; null: it is gone. */
  readTask: (ref: TaskRef) => Promise<TaskRecord | null>
  knowledge: Knowledge
  hints: Hints
  log: Log
  metrics?: EngineMetrics | undefined
  trace?: Trace | undefined
  worker: string
  leaseMs: number
  now: () => Date
  random: () => number
  randomBytes: (n: number) => Uint8Array
  countTokens: (text: string) => number
  /** Tokens that a prompt may take. */
  contextTokens: number
  /** Beside the built-in ones. */
  tools: readonly Tool[]
  /** How long a person may take to decide. */
  approvalMs: number
  /** Milliseconds of the first retry's delay; it doubles from there. */
  retryBaseMs: number
}>

export type TaskDocuments = Readonly<{ search: SearchKnowledge; read: ReadDocument; media: LoadMedia }>

export const NO_DOCUMENTS: TaskDocuments = {
  search: () => Promise.resolve([]),
  read: () => Promise.resolve(null),
  media: () => Promise.resolve(null),
}
