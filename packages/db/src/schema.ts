import type {
  Agent,
  AgentDefinition,
  Analysis,
  AttemptKind,
  BudgetLimits,
  Dispatch,
  EventType,
  Failure,
  Finding,
  Json,
  JsonObject,
  ModelSettings,
  Mode,
  Output,
  PlanTask,
  Quality,
  RunResult,
  RunStatus,
  Selection,
  StoredTaskStatus,
  Usage,
  VerdictDecision,
  WorkerTold,
} from '@flotilla/domain'
import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { BudgetCallTable, BudgetTable, ModelLaneTable, TaskWait } from './schema-budgets.ts'
import type { Jsonb, Money, Now, NullableJsonb, Time } from './schema-columns.ts'
import type { ApprovalTable, CancellationTable, DeadLetterTable } from './schema-control.ts'
import type { CollectionTable, DocumentTable, ChunkTable } from './schema-documents.ts'

export interface WorkspaceTable {
  id: Generated<number>
  uid: string
  name: string
  created_at: Now
  budget: ColumnType<BudgetLimits, string | undefined, string>
  weight: Generated<number>
}

export interface AgentTable {
  id: Generated<number>
  workspace_id: number
  uid: string
  version: Generated<number>
  origin: Agent['origin']
  name: string
  role: string
  description: string
  capabilities: JSONColumnType<string[]>
  model: string | null
  system_prompt: string
  tools: JSONColumnType<string[]>
  max_turns: number
  max_output_tokens: number
  model_settings: ColumnType<ModelSettings, string | undefined, string>
  enabled: boolean
  created_at: Now
  updated_at: ColumnType<Date, never, Date>
  deleted_at: Time
}

export interface AgentVersionTable {
  workspace_id: number
  agent_id: number
  version: number
  definition: ColumnType<AgentDefinition, string, never>
  since: ColumnType<Date, Date, never>
}

export interface RunTable {
  id: Generated<number>
  workspace_id: number
  uid: string
  status: RunStatus
  live: Generated<boolean>
  learned: Generated<boolean>
  auto_start: boolean
  expanded: Generated<boolean>
  priority: number
  plan_version: Generated<number>
  seq: Generated<number>
  fence: Generated<number>
  /** Empty: nobody plans it, and nobody may before `due`. */
  holder: string | null
  due: Time
  tries: Generated<number>
  total: Generated<number>
  todo: Generated<number>
  completed: Generated<number>
  failed: Generated<number>
  skipped: Generated<number>
  input_tokens: Generated<number>
  cached_input_tokens: Generated<number>
  cache_write_tokens: Generated<number>
  output_tokens: Generated<number>
  reasoning_tokens: Generated<number>
  tool_calls: Generated<number>
  model_calls: Generated<number>
  cost_usd: Money
  created_at: Now
  started_at: Time
  finished_at: Time
  resume_to: RunStatus | null
  paused_at: Time
  deadline: Time
  paused_ms: Generated<number>
  /** Null: kept whole. */
  retention: 'trimming' | 'trimmed' | 'removing' | null
  /** Of a sub-run: the account that it draws on. */
  draws_on: number | null
}

export interface RunSpecTable {
  run_id: number
  workspace_id: number
  goal: string
  inputs: Jsonb<JsonObject>
  mode: Mode
  labels: Jsonb<Record<string, string>>
  budget: Jsonb<BudgetLimits & { onExceeded: 'degrade' | 'pause' | 'fail' }>
  collection_id: number | null
  analysis: NullableJsonb<Analysis>
  dispatch: NullableJsonb<Dispatch>
  result: NullableJsonb<RunResult>
  quality: NullableJsonb<Quality>
  report: NullableJsonb<JsonObject>
  error: NullableJsonb<Failure & { taskKey?: string }>
  simulated: Generated<boolean>
}

export interface IdempotencyKeyTable {
  workspace_id: number
  operation: string
  key: string
  body_hash: string
  response: Jsonb<JsonObject>
  created_at: Now
}

export interface PlanTable {
  run_id: number
  version: number
  workspace_id: number
  made_by: string
  tasks: Jsonb<PlanTask[]>
  result: string | null
  created_at: Now
}

export interface PlannerTurnTable {
  run_id: number
  fence: number
  turn: number
  workspace_id: number
  model: string
  request: Jsonb<Json>
  reply: Jsonb<Json>
  usage: Jsonb<Usage>
  at: Now
}

export interface TaskTable {
  run_id: number
  idx: number
  workspace_id: number
  role: string
  priority: number
  status: StoredTaskStatus
  fence: Generated<number>
  attempt: Generated<number>
  kind: Generated<AttemptKind>
  tries: Generated<number>
  recoveries: Generated<number>
  revisions: Generated<number>
  due: Time
  not_before: Time
  worker: string | null
  deps: number[]
  outs: number[]
  tokens: Generated<number>
  tool_calls: Generated<number>
  cost_usd: Money
  started_at: Time
  finished_at: Time
  continuations: Generated<number>
  judge_failures: Generated<number>
  start_within: number | null
  wait: NullableJsonb<TaskWait>
  optional: Generated<boolean>
}

export interface TaskSpecTable {
  run_id: number
  idx: number
  workspace_id: number
  key: string
  title: string
  type: string
  spec: Jsonb<PlanTask>
  agent_id: number | null
  agent_name: string | null
  model: string | null
  selection: NullableJsonb<Selection>
  error: NullableJsonb<Failure>
}

export interface AttemptTable {
  run_id: number
  idx: number
  number: number
  workspace_id: number
  kind: AttemptKind
  status: 'succeeded' | 'failed' | 'lost' | 'released' | 'cancelled'
  worker: string
  started_at: Date
  finished_at: Date
  usage: Jsonb<Partial<Usage>>
  error: NullableJsonb<Failure>
}

export interface TurnTable {
  run_id: number
  idx: number
  attempt: number
  turn: number
  workspace_id: number
  model: string
  request: Jsonb<Json>
  reply: Jsonb<Json>
  stop_reason: string
  usage: Jsonb<Usage>
  context: NullableJsonb<Json>
  started_at: Date
  finished_at: Date
}

export interface ToolCallTable {
  run_id: number
  idx: number
  attempt: number
  turn: number
  n: number
  workspace_id: number
  call_id: string
  effect_id: string
  tool: string
  arguments: Jsonb<Json>
  status: 'started' | 'succeeded' | 'failed'
  result: string | null
  started_at: Date
  finished_at: Time
  may_repeat: Generated<boolean>
}

export interface OutputTable {
  run_id: number
  idx: number
  attempt: number
  workspace_id: number
  output: Jsonb<Output>
  findings: NullableJsonb<Finding[]>
}

export interface VerdictTable {
  run_id: number
  idx: number
  attempt: number
  workspace_id: number
  decision: VerdictDecision
  score: number
  findings: Jsonb<Finding[]>
  judge_model: string | null
  at: Now
}

export interface ArtifactTable {
  run_id: number
  name: string
  workspace_id: number
  idx: number | null
  attempt: number | null
  media_type: string
  size_bytes: number
  sha256: string
  content: Buffer
  created_at: Now
}

export interface EventTable {
  run_id: number
  seq: number
  workspace_id: number
  idx: number | null
  type: EventType
  at: Date
  data: NullableJsonb<JsonObject>
}

export interface AgentStatsTable {
  workspace_id: number
  task_type: string
  role: string
  agent_id: number
  model: string
  runs: Generated<number>
  successes: Generated<number>
  scored: Generated<number>
  score_sum: Generated<number>
  latency_sum_ms: Generated<number>
  tokens_sum: Generated<number>
  cost_sum: Generated<number>
  updated_at: ColumnType<Date, never, Date>
}

export interface PoolTable {
  role: string
  max_running: number
  running: Generated<number>
}

export interface ShareTable {
  workspace_id: number
  served: number
  run_clock: Generated<number>
}

export interface ParkedTable {
  workspace_id: number
  run_id: number
  role: string
  after_idx: number
  turn: number
}

/** One row. */
export interface ShareClockTable {
  one: Generated<boolean>
  at: Generated<number>
}

/** Of the instance. */
export interface WorkerTable {
  name: string
  started_at: Date
  heard_at: ColumnType<Date, string | undefined, Date>
  told: Jsonb<WorkerTold>
}

/** One row. */
export interface SchemaStateTable {
  one: Generated<boolean>
  functions: string
  oldest_code: number
}

/** Every table of the schema `flotilla`; a test holds this against the catalogue. */
export interface Database {
  workspaces: WorkspaceTable
  agents: AgentTable
  agent_versions: AgentVersionTable
  runs: RunTable
  run_specs: RunSpecTable
  idempotency_keys: IdempotencyKeyTable
  plans: PlanTable
  planner_turns: PlannerTurnTable
  tasks: TaskTable
  task_specs: TaskSpecTable
  attempts: AttemptTable
  turns: TurnTable
  tool_calls: ToolCallTable
  outputs: OutputTable
  verdicts: VerdictTable
  artifacts: ArtifactTable
  events: EventTable
  collections: CollectionTable
  documents: DocumentTable
  chunks: ChunkTable
  agent_stats: AgentStatsTable
  pools: PoolTable
  shares: ShareTable
  parked: ParkedTable
  share_clock: ShareClockTable
  approvals: ApprovalTable
  cancellations: CancellationTable
  dead_letters: DeadLetterTable
  budgets: BudgetTable
  budget_calls: BudgetCallTable
  model_lanes: ModelLaneTable
  workers: WorkerTable
  schema_state: SchemaStateTable
}
