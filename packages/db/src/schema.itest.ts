import type { Json } from '@flotilla/domain'
import type { SelectType } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from './schema.ts'
import { openRecord, type TestRecord } from './testing/record-fixture.ts'

/** What a column of a TypeScript type may be in Postgres; "?" where it may be null. */
type PgType<T> = Json extends T ? 'jsonb' | 'jsonb?' : null extends T ? `${PgBase<NonNullable<T>>}?` : PgBase<T>
type PgBase<T> = [T] extends [number]
  ? 'int8' | 'int4' | 'int2' | 'numeric' | 'float8'
  : [T] extends [string]
    ? 'text' | 'tsvector?' // a generated column is nullable to the catalogue
    : [T] extends [boolean]
      ? 'bool'
      : [T] extends [Date]
        ? 'timestamptz'
        : [T] extends [Buffer]
          ? 'bytea'
          : [T] extends [number[]]
            ? '_int4'
            : 'jsonb'

type Columns = {
  readonly [Table in keyof Database]: {
    readonly [Column in keyof Database[Table]]: PgType<SelectType<Database[Table][Column]>>
  }
}

/** Held against `Database` by the compiler and against the catalogue by the test. */
const COLUMNS = {
  workspaces: { id: 'int8', uid: 'text', name: 'text', created_at: 'timestamptz' },
  agents: {
    id: 'int8',
    workspace_id: 'int8',
    uid: 'text',
    version: 'int4',
    origin: 'text',
    name: 'text',
    role: 'text',
    description: 'text',
    capabilities: 'jsonb',
    model: 'text?',
    system_prompt: 'text',
    tools: 'jsonb',
    max_turns: 'int4',
    max_output_tokens: 'int4',
    enabled: 'bool',
    created_at: 'timestamptz',
    updated_at: 'timestamptz',
    deleted_at: 'timestamptz?',
  },
  runs: {
    id: 'int8',
    workspace_id: 'int8',
    uid: 'text',
    status: 'text',
    live: 'bool',
    learned: 'bool',
    auto_start: 'bool',
    expanded: 'bool',
    priority: 'int2',
    plan_version: 'int4',
    seq: 'int4',
    fence: 'int4',
    holder: 'text?',
    due: 'timestamptz?',
    tries: 'int2',
    total: 'int4',
    todo: 'int4',
    completed: 'int4',
    failed: 'int4',
    skipped: 'int4',
    input_tokens: 'int8',
    cached_input_tokens: 'int8',
    cache_write_tokens: 'int8',
    output_tokens: 'int8',
    reasoning_tokens: 'int8',
    tool_calls: 'int4',
    model_calls: 'int4',
    cost_usd: 'numeric',
    created_at: 'timestamptz',
    started_at: 'timestamptz?',
    finished_at: 'timestamptz?',
  },
  run_specs: {
    run_id: 'int8',
    workspace_id: 'int8',
    goal: 'text',
    inputs: 'jsonb',
    mode: 'text',
    labels: 'jsonb',
    budget: 'jsonb',
    collection_id: 'int8?',
    analysis: 'jsonb?',
    dispatch: 'jsonb?',
    result: 'jsonb?',
    quality: 'jsonb?',
    report: 'jsonb?',
    error: 'jsonb?',
    simulated: 'bool',
  },
  idempotency_keys: {
    workspace_id: 'int8',
    operation: 'text',
    key: 'text',
    body_hash: 'text',
    response: 'jsonb',
    created_at: 'timestamptz',
  },
  plans: {
    run_id: 'int8',
    version: 'int4',
    workspace_id: 'int8',
    made_by: 'text',
    tasks: 'jsonb',
    result: 'text?',
    created_at: 'timestamptz',
  },
  planner_turns: {
    run_id: 'int8',
    fence: 'int4',
    turn: 'int4',
    workspace_id: 'int8',
    model: 'text',
    request: 'jsonb',
    reply: 'jsonb',
    usage: 'jsonb',
    at: 'timestamptz',
  },
  tasks: {
    run_id: 'int8',
    idx: 'int4',
    workspace_id: 'int8',
    role: 'text',
    priority: 'int2',
    status: 'text',
    fence: 'int4',
    attempt: 'int4',
    kind: 'text',
    tries: 'int2',
    recoveries: 'int2',
    revisions: 'int2',
    due: 'timestamptz?',
    not_before: 'timestamptz?',
    worker: 'text?',
    deps: '_int4',
    outs: '_int4',
    tokens: 'int8',
    tool_calls: 'int4',
    cost_usd: 'numeric',
    started_at: 'timestamptz?',
    finished_at: 'timestamptz?',
  },
  task_specs: {
    run_id: 'int8',
    idx: 'int4',
    workspace_id: 'int8',
    key: 'text',
    title: 'text',
    type: 'text',
    spec: 'jsonb',
    agent_id: 'int8?',
    agent_name: 'text?',
    model: 'text?',
    selection: 'jsonb?',
  },
  attempts: {
    run_id: 'int8',
    idx: 'int4',
    number: 'int4',
    workspace_id: 'int8',
    kind: 'text',
    status: 'text',
    worker: 'text',
    started_at: 'timestamptz',
    finished_at: 'timestamptz',
    usage: 'jsonb',
    error: 'jsonb?',
  },
  turns: {
    run_id: 'int8',
    idx: 'int4',
    attempt: 'int4',
    turn: 'int4',
    workspace_id: 'int8',
    model: 'text',
    request: 'jsonb',
    reply: 'jsonb',
    stop_reason: 'text',
    usage: 'jsonb',
    context: 'jsonb?',
    started_at: 'timestamptz',
    finished_at: 'timestamptz',
  },
  tool_calls: {
    run_id: 'int8',
    idx: 'int4',
    attempt: 'int4',
    turn: 'int4',
    n: 'int4',
    workspace_id: 'int8',
    call_id: 'text',
    effect_id: 'text',
    tool: 'text',
    arguments: 'jsonb',
    status: 'text',
    result: 'text?',
    started_at: 'timestamptz',
    finished_at: 'timestamptz?',
  },
  outputs: {
    run_id: 'int8',
    idx: 'int4',
    attempt: 'int4',
    workspace_id: 'int8',
    output: 'jsonb',
    findings: 'jsonb?',
  },
  verdicts: {
    run_id: 'int8',
    idx: 'int4',
    attempt: 'int4',
    workspace_id: 'int8',
    decision: 'text',
    score: 'float8',
    findings: 'jsonb',
    judge_model: 'text?',
    at: 'timestamptz',
  },
  artifacts: {
    run_id: 'int8',
    name: 'text',
    workspace_id: 'int8',
    idx: 'int4?',
    attempt: 'int4?',
    media_type: 'text',
    size_bytes: 'int8',
    sha256: 'text',
    content: 'bytea',
    created_at: 'timestamptz',
  },
  events: {
    run_id: 'int8',
    seq: 'int4',
    workspace_id: 'int8',
    idx: 'int4?',
    type: 'text',
    at: 'timestamptz',
    data: 'jsonb?',
  },
  collections: { id: 'int8', workspace_id: 'int8', run_id: 'int8?' },
  documents: {
    collection_id: 'int8',
    n: 'int4',
    workspace_id: 'int8',
    name: 'text',
    content: 'text',
    size_bytes: 'int8',
    lines: 'int4',
    sha256: 'text',
    indexed: 'bool',
  },
  chunks: {
    collection_id: 'int8',
    document_n: 'int4',
    n: 'int4',
    workspace_id: 'int8',
    start_line: 'int4',
    end_line: 'int4',
    start_at: 'int4',
    end_at: 'int4',
    body: 'text',
    words: 'tsvector?',
    embedding: 'bytea?',
    embedding_model: 'text?',
  },
  agent_stats: {
    workspace_id: 'int8',
    task_type: 'text',
    role: 'text',
    agent_id: 'int8',
    model: 'text',
    runs: 'int4',
    successes: 'int4',
    scored: 'int4',
    score_sum: 'float8',
    latency_sum_ms: 'float8',
    tokens_sum: 'float8',
    cost_sum: 'float8',
    updated_at: 'timestamptz',
  },
  pools: { role: 'text', max_running: 'int4', running: 'int4' },
} as const satisfies Columns

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

it('has the tables and columns that the code says it has', async () => {
  const { rows } = await record.pool.query<{ table: string; column: string; type: string }>(
    `select c.relname as table, a.attname as column, t.typname || case when a.attnotnull then '' else '?' end as type
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
     where c.relnamespace = 'flotilla'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
       and c.relname not in ('migrations', 'migrations_lock')`,
  )
  const found: Record<string, Record<string, string>> = {}
  for (const { table, column, type } of rows) found[table] = { ...found[table], [column]: type }
  expect(found).toEqual(COLUMNS)
})
