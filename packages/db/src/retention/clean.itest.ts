import type { Retention } from '@flotilla/domain'
import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fillWorkspace } from '../testing/fill-workspace.ts'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { cleanPiece, readCleaningDue, type CleanedPiece } from './clean.ts'

let record: TestRecord
let app: pg.Pool
beforeAll(async () => {
  record = await openRecord()
  app = record.open('app')
})
beforeEach(async () => {
  await record.pool.query(
    'delete from flotilla.runs; delete from flotilla.idempotency_keys; delete from flotilla.agent_stats; delete from flotilla.agents; delete from flotilla.shares; delete from flotilla.budgets',
  )
})
afterAll(() => record.close())

const KEEP: Retention = { runsDays: null, eventsDays: null, keysDays: null }
const NOTHING: CleanedPiece = { marked: 0, removed: 0, trimmed: 0, rows: 0, keys: 0, more: false }

/** An ended run with `events` events, `turns` turns and tool calls of each of its tasks. */
async function ended(daysAgo: number, size: { tasks?: number; events?: number; turns?: number } = {}): Promise<number> {
  const { tasks = 1, events = 2, turns = 0 } = size
  const runId = await record.plant(
    Array.from({ length: tasks }, () => ({ status: 'completed' as const })),
    {
      status: 'completed',
      live: false,
    },
  )
  await record.pool.query(
    `update flotilla.runs set finished_at = now() - $2 * interval '1 day', seq = $3 where id = $1`,
    [runId, daysAgo, events],
  )
  await record.pool.query(
    `insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
     select $1, n, 1, case when n < $2 and n > 1 then 0 end, case n when 1 then 'run.created' when $2 then 'run.completed' else 'task.turn' end, now(), '{}'
     from generate_series(1, $2::int) n`,
    [runId, events],
  )
  const bulk = JSON.stringify({ text: 'x'.repeat(3_000) })
  await record.pool.query(
    `insert into flotilla.turns (run_id, idx, attempt, turn, workspace_id, model, request, reply, stop_reason, usage, context, started_at)
     select $1, 0, 1, n, 1, 'm', $3::jsonb, $3::jsonb, 'end', '{"inputTokens": 7}', $3::jsonb, now() from generate_series(1, $2::int) n`,
    [runId, turns, bulk],
  )
  await record.pool.query(
    `insert into flotilla.tool_calls (run_id, idx, attempt, turn, n, workspace_id, call_id, effect_id, tool, arguments, status, result)
     select $1, 0, 1, n, 1, 1, '', '', 't', '{}', 'succeeded', 'found' from generate_series(1, $2::int) n`,
    [runId, turns],
  )
  return runId
}

async function toTheEnd(ages: Retention): Promise<{ pieces: number; rows: number; removed: number }> {
  const sum = { pieces: 0, rows: 0, removed: 0 }
  for (let more = true; more;) {
    const piece = await cleanPiece(record.pool, ages)
    sum.pieces += 1
    sum.rows += piece.rows
    sum.removed += piece.removed
    more = piece.more
  }
  return sum
}

const count = async (table: string, runId: number): Promise<number> =>
  (await record.pool.query<{ n: number }>(`select count(*) as n from flotilla.${table} where run_id = $1`, [runId]))
    .rows[0]?.n ?? -1
const retention = async (runId: number): Promise<string | null | undefined> =>
  (await record.pool.query<{ retention: string | null }>('select retention from flotilla.runs where id = $1', [runId]))
    .rows[0]?.retention

/** Tables with rows, but for those of the schema itself. */
async function filled(): Promise<string[]> {
  const { rows } = await record.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'flotilla'::regnamespace and relkind in ('r', 'p')
       and (xpath('/row/n/text()', query_to_xml('select count(*) as n from flotilla.' || relname, false, true, '')))[1]::text <> '0'
     order by relname`,
  )
  return rows.map(({ name }) => name).filter((name) => !/^(migrations|schema_state|share_clock|workspaces)/.test(name))
}

/** What outlives a run: the workspace's own. */
const KEPT = ['agent_stats', 'agent_versions', 'agents', 'budgets', 'idempotency_keys', 'shares']

/** What a request of the workspace sees. */
async function seen(runId: number): Promise<boolean> {
  const client = await app.connect()
  try {
    await client.query(`begin; select set_config('app.workspace_id', '1', true)`)
    return (await client.query('select from flotilla.runs where id = $1', [runId])).rowCount === 1
  } finally {
    await client.query('rollback')
    client.release()
  }
}

describe('nothing that is due', () => {
  it('is nothing to do, whatever there is', async () => {
    const old = await ended(1_000)
    const live = await record.plant([{}])
    await record.pool.query(`update flotilla.runs set created_at = now() - interval '1000 days' where id = $1`, [live])
    expect(await cleanPiece(record.pool, KEEP)).toEqual(NOTHING)
    expect(await cleanPiece(record.pool, { runsDays: 2_000, eventsDays: 1_001, keysDays: 7 })).toEqual(NOTHING)
    expect(await cleanPiece(record.pool, { runsDays: 1, eventsDays: 1, keysDays: 1 })).toMatchObject({ removed: 1 })
    expect([await retention(old), await retention(live)]).toEqual([undefined, null])
  })
})

describe('a run older than runs are kept', () => {
  it('is out of sight at once, and goes in pieces', async () => {
    const runId = await ended(10, { tasks: 1_500, events: 2_500 })
    const younger = await ended(8)
    const first = await cleanPiece(record.pool, { ...KEEP, runsDays: 9 })
    expect(first).toMatchObject({ marked: 1, removed: 0, more: true })
    expect(first.rows).toBeLessThanOrEqual(1_000)
    expect([await seen(runId), await seen(younger)]).toEqual([false, true])
    expect(await toTheEnd({ ...KEEP, runsDays: 9 })).toMatchObject({ removed: 1, rows: 1_500 * 2 + 2_500 - first.rows })
    for (const table of ['tasks', 'task_specs', 'events']) expect(await count(table, runId)).toBe(0)
    expect([await retention(runId), await retention(younger)]).toEqual([undefined, null])
  })

  it('takes a row of every table with it, and leaves what agents have learned', async () => {
    await fillWorkspace(record, 1)
    await record.pool.query(
      `update flotilla.runs set live = false, status = 'completed', finished_at = now() - interval '2 days'`,
    )
    await toTheEnd({ ...KEEP, runsDays: 1 })
    expect(await filled()).toEqual(KEPT)
  })

  it('that nobody has learned from yet is not learned from half gone', async () => {
    const runId = await ended(2, { tasks: 1_500 })
    await cleanPiece(record.pool, { ...KEEP, runsDays: 1 })
    expect((await record.pool.query('select id from flotilla.runs where not live and not learned')).rows).toEqual([])
    expect(await retention(runId)).toBe('removing')
  })

  it('goes to the end though the setting is taken back', async () => {
    const runId = await ended(2, { tasks: 1_500 })
    await cleanPiece(record.pool, { ...KEEP, runsDays: 1 })
    await toTheEnd(KEEP)
    expect(await retention(runId)).toBeUndefined()
  })

  it('goes once, whoever works on it at the same time', async () => {
    const ids = await Promise.all([
      ended(5, { events: 3_000 }),
      ended(5, { events: 3_000 }),
      ended(5),
      ended(5),
      ended(5),
    ])
    const rows = 3_000 * 2 + 2 * 3 + ids.length * 2
    const all = await Promise.all(Array.from({ length: 4 }, () => toTheEnd({ ...KEEP, runsDays: 1 })))
    const left = await toTheEnd(KEEP)
    const sum = [...all, left].reduce((a, b) => ({ rows: a.rows + b.rows, removed: a.removed + b.removed }), {
      rows: 0,
      removed: 0,
    })
    expect(sum).toEqual({ rows, removed: ids.length })
  })
})

describe('a run that a request deletes', () => {
  it('takes its rows of every table with it, and no others', async () => {
    await fillWorkspace(record, 1)
    const all = await filled()
    const other = await ended(0)
    await record.pool.query('update flotilla.runs set live = false')
    const client = await app.connect()
    try {
      await client.query(`begin; set local app.workspace_id = '1'`)
      await client.query('delete from flotilla.runs where id <> $1', [other])
      await client.query('commit')
    } finally {
      client.release()
    }
    expect([await count('events', other), await count('tasks', other)]).toEqual([2, 1])
    await record.pool.query('delete from flotilla.runs')
    expect(await filled()).toEqual(KEPT)
    expect(all.length).toBeGreaterThan(KEPT.length + 15)
  })
})

describe('a cleaner that dies in the middle of a piece', () => {
  it.each(['removing', 'trimming'] as const)(
    'leaves a run that is %s as it was, and the next one goes on',
    async (what) => {
      const runId = await ended(5, { events: 2_500 })
      const ages = what === 'removing' ? { ...KEEP, runsDays: 1 } : { ...KEEP, eventsDays: 1 }
      await cleanPiece(record.pool, ages)
      const before = await count('events', runId)
      const client = await record.pool.connect()
      try {
        await client.query('begin')
        const { rows } = await client.query<{ pid: number; r: CleanedPiece }>(
          `select pg_backend_pid() as pid, flotilla.clean(null, null, null, 1000) as r`,
        )
        expect(rows[0]?.r.rows).toBeGreaterThan(0)
        // While it works, another one finds nothing to do, and waits for nothing.
        expect(await cleanPiece(record.pool, ages)).toEqual(NOTHING)
        await record.open('owner', 1).query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid])
      } finally {
        client.release(true)
      }
      expect(await count('events', runId)).toBe(before)
      expect(await retention(runId)).toBe(what)
      await toTheEnd(ages)
      expect(await retention(runId)).toBe(what === 'removing' ? undefined : 'trimmed')
    },
  )
})

describe('a run older than events are kept', () => {
  it('loses its tasks’ events, what was sent and came back and what tools answered; the rest stays', async () => {
    const runId = await ended(5, { tasks: 3, events: 1_200, turns: 400 })
    expect(await toTheEnd({ ...KEEP, eventsDays: 4 })).toMatchObject({ rows: 1_198 + 400 + 400, removed: 0 })
    const { rows: log } = await record.pool.query(
      'select seq, type from flotilla.events where run_id = $1 order by seq',
      [runId],
    )
    expect(log).toEqual([
      { seq: 1, type: 'run.created' },
      { seq: 1_200, type: 'run.completed' },
    ])
    const { rows: turns } = await record.pool.query(
      `select count(*) as n, bool_and(request = 'null' and reply = 'null' and context is null) as thin, sum((usage ->> 'inputTokens')::int) as tokens
       from flotilla.turns where run_id = $1`,
      [runId],
    )
    expect(turns).toEqual([{ n: 400, thin: true, tokens: 2_800 }])
    const { rows: calls } = await record.pool.query(
      'select count(*) as n, count(result) as results from flotilla.tool_calls where run_id = $1',
      [runId],
    )
    expect(calls).toEqual([{ n: 400, results: 0 }])
    expect([await count('tasks', runId), await seen(runId), await retention(runId)]).toEqual([3, true, 'trimmed'])
    expect(await cleanPiece(record.pool, { ...KEEP, eventsDays: 4 })).toEqual(NOTHING)
    expect(await toTheEnd({ ...KEEP, runsDays: 4, eventsDays: 4 })).toMatchObject({ removed: 1 })
  })
})

describe('keys of requests', () => {
  it('are forgotten when they are old', async () => {
    await record.pool.query(
      `insert into flotilla.idempotency_keys (workspace_id, operation, key, body_hash, response, created_at)
       select 1, 'op', n::text, '', '{}', now() - n * interval '1 day' from generate_series(1, 10) n`,
    )
    expect(await cleanPiece(record.pool, { ...KEEP, keysDays: 7 })).toEqual({ ...NOTHING, keys: 4 })
    expect(await cleanPiece(record.pool, { ...KEEP, keysDays: 7 })).toEqual(NOTHING)
  })
})

it('is counted before it is done', async () => {
  await Promise.all([ended(10), ended(10), ended(5), ended(1)])
  await record.plant([{}])
  expect(await readCleaningDue(record.db, { runsDays: 9, eventsDays: 4, keysDays: 7 })).toEqual({
    remove: 2,
    trim: 1,
    keys: 0,
  })
  expect(await readCleaningDue(record.db, KEEP)).toEqual({ remove: 0, trim: 0, keys: 0 })
})
