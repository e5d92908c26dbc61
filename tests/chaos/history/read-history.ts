import type pg from 'pg'
import { LABEL } from '../plan/chaos-plan.ts'
import type {
  AccountRow,
  AttemptRow,
  EventRow,
  LedgerRow,
  OutputRow,
  RunHistory,
  RunRow,
  TaskRow,
  TurnRow,
} from './history.ts'
import type { OutcomeSeals } from './outcome-seals.ts'

const PAGE = 100

/** As JSON, whose numbers come as numbers. */
const amounts = (suffix: string): string =>
  `jsonb_build_object('tokens', tokens_${suffix}, 'costUsd', cost_usd_${suffix}, 'toolCalls', tool_calls_${suffix}, 'seconds', seconds_${suffix})`
const ACCOUNT = `id::int, level, idx, jsonb_strip_nulls(${amounts('limit')}) as limits, ${amounts('reserved')} as reserved, ${amounts('settled')} as settled, ${amounts('over')} as over, ${amounts('above')} as above`

/** Every run of the record, a page at a time: a campaign of hours does not fit into memory at once. */
export async function* readHistories(pool: pg.Pool): AsyncGenerator<RunHistory> {
  for (let after = 0; ;) {
    const runs = await readRuns(pool, after)
    const last = runs.at(-1)
    if (last === undefined) return
    after = last.id
    yield* await readPage(pool, runs)
  }
}

async function readRuns(pool: pg.Pool, after: number): Promise<RunRow[]> {
  const { rows } = await pool.query<RunRow>(
    `select r.id::int, r.uid, (s.labels ->> $3)::int as plan, r.status, r.live, r.seq, r.total, r.todo, r.completed, r.failed, r.skipped,
       (r.input_tokens + r.output_tokens)::int as tokens
     from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id where r.id > $1 order by r.id limit $2`,
    [after, PAGE, LABEL],
  )
  return rows
}

type Owned<T> = T & Readonly<{ run: number }>

async function readPage(pool: pg.Pool, runs: readonly RunRow[]): Promise<RunHistory[]> {
  const ids = runs.map((run) => run.id)
  const read = async <T>(sql: string): Promise<Map<number, T[]>> => {
    const { rows } = await pool.query<Owned<T> & pg.QueryResultRow>(sql, [ids])
    return Map.groupBy(rows, (row) => row.run)
  }
  const tasks = await read<TaskRow>(
    `select run_id::int as run, idx, status, fence, attempt, recoveries, deps, tokens::int from flotilla.tasks where run_id = any ($1) order by 1, 2`,
  )
  const events = await read<EventRow>(
    `select run_id::int as run, seq, idx, type, (extract(epoch from at) * 1000)::float8 as at, coalesce(data, '{}') as data
     from flotilla.events where run_id = any ($1) order by 1, 2`,
  )
  const attempts = await read<AttemptRow>(
    `select run_id::int as run, idx, number, kind, status, error ->> 'code' as error from flotilla.attempts where run_id = any ($1)`,
  )
  const outputs = await read<OutputRow>(
    `select run_id::int as run, idx, attempt, output ->> 'text' as text, md5(output::text) as hash from flotilla.outputs where run_id = any ($1)`,
  )
  const turns = await read<TurnRow>(
    `select run_id::int as run, idx, attempt, turn, reply ->> 'model' as model, (usage ->> 'inputTokens')::int as "inputTokens",
       (usage ->> 'outputTokens')::int as "outputTokens" from flotilla.turns where run_id = any ($1)`,
  )
  const deadLetters = await read<{ idx: number }>(
    `select run_id::int as run, idx from flotilla.dead_letters where run_id = any ($1)`,
  )
  const accounts = await read<AccountRow>(
    `select run_id::int as run, ${ACCOUNT} from flotilla.budgets where run_id = any ($1)`,
  )
  const ledger = await read<LedgerRow>(
    `select run_id::int as run, key, idx, kind, purpose, status, to_jsonb(accounts) as accounts, usage,
       (extract(epoch from reserved_at) * 1000)::float8 as "reservedAt",
       ${amounts('reserved')} as held, ${amounts('charged')} as charged, ${amounts('over')} as over
     from flotilla.budget_calls where run_id = any ($1)`,
  )
  return runs.map((run) => ({
    run,
    tasks: tasks.get(run.id) ?? [],
    events: events.get(run.id) ?? [],
    attempts: attempts.get(run.id) ?? [],
    outputs: outputs.get(run.id) ?? [],
    turns: turns.get(run.id) ?? [],
    deadLetters: (deadLetters.get(run.id) ?? []).map(({ idx }) => idx),
    accounts: accounts.get(run.id) ?? [],
    ledger: ledger.get(run.id) ?? [],
  }))
}

/** The accounts of workspaces' months. */
export async function readMonths(pool: pg.Pool): Promise<AccountRow[]> {
  const { rows } = await pool.query<AccountRow>(`select ${ACCOUNT} from flotilla.budgets where level = 'workspace'`)
  return rows
}

/** Seals what has ended among the newest `runs` runs. */
export async function sealOutcomes(pool: pg.Pool, seals: OutcomeSeals, runs: number): Promise<void> {
  const { rows } = await pool.query<{ run: number; idx: number; outcome: string }>(
    `select t.run_id::int as run, t.idx, t.status || '/' || t.attempt || '/' || coalesce(md5(o.output::text), '') as outcome
     from flotilla.tasks t left join flotilla.outputs o on o.run_id = t.run_id and o.idx = t.idx and o.attempt = t.attempt
     where t.run_id > (select coalesce(max(id), 0) - $1 from flotilla.runs) and t.status in ('completed', 'failed', 'skipped', 'cancelled')`,
    [runs],
  )
  for (const { run, idx, outcome } of rows) seals.seal(run, idx, outcome)
}
