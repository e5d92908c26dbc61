import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { percentile } from '../report/statistics.ts'
import { temporaryFolder, type Scope } from '../scope.ts'
import type { Connection } from '../services/postgres.ts'
import { startProcess } from '../services/process.ts'
import type { OverheadMessage, OverheadOrder } from './overhead-process.ts'

type Claims = OverheadOrder['runs']

/** How calls side by side share rows: a workspace has its month, a run its own row and account. */
export type Sharing = 'nothing' | 'a month' | 'a run'

/** Claims that calls may be made for. `sharing`: each in a workspace of its own, all in one, or all in one run. */
export async function plantClaims(db: Connection, count: number, sharing: Sharing): Promise<Claims> {
  if (sharing === 'a run') {
    const runId = await plantRun(db, 1, count)
    return Array.from({ length: count }, (_, idx) => ({ runId, idx }))
  }
  const claims: { runId: number; idx: number }[] = []
  for (let i = 0; i < count; i += 1) {
    const workspace = sharing === 'nothing' ? await plantWorkspace(db) : 1
    claims.push({ runId: await plantRun(db, workspace, 1), idx: 0 })
  }
  return claims
}

async function plantWorkspace(db: Connection): Promise<number> {
  const { rows } = await db.query<{ id: string }>(
    `insert into flotilla.workspaces (uid, name) values ('wsp_' || gen_random_uuid(), 'bench') returning id`,
  )
  return Number(rows[0]?.id)
}

/** A run under way whose tasks are all claimed; no other process of Flotilla is there to take them away. */
async function plantRun(db: Connection, workspaceId: number, tasks: number): Promise<number> {
  const { rows } = await db.query<{ id: string }>(
    `insert into flotilla.runs (workspace_id, uid, status, live, auto_start, expanded, priority, total, todo, completed, failed, skipped, started_at)
     values ($1, 'run_' || gen_random_uuid(), 'executing', true, true, true, 5, $2, $2, 0, 0, 0, now()) returning id`,
    [workspaceId, tasks],
  )
  const runId = Number(rows[0]?.id)
  const values = [runId, workspaceId, tasks]
  await db.query(
    `insert into flotilla.run_specs (run_id, workspace_id, goal, inputs, mode, labels, budget)
     values ($1, $2, '', '{}', 'parallel', '{}', '{"costUsd": 1000000, "tokens": 1000000000000}')`,
    values.slice(0, 2),
  )
  await db.query(
    `insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, fence, attempt, kind, tries, recoveries, revisions, worker, due, deps, outs, started_at)
     select $1, n, $2, 'writer', 5, 'in_progress', 1, 1, 'first', 1, 0, 0, 'bench', now() + interval '1 hour', '{}', '{}', now()
     from generate_series(0, $3::int - 1) n`,
    values,
  )
  await db.query(
    `insert into flotilla.task_specs (run_id, idx, workspace_id, key, title, type, spec)
     select $1, n, $2, 't' || n, '', 'general', '{}' from generate_series(0, $3::int - 1) n`,
    values,
  )
  return runId
}

const SCRIPT = fileURLToPath(new URL('overhead-process.ts', import.meta.url))
/** Before connections and plans are warm, and while the first of several processes is alone. */
const WARM_SHARE = 0.2

export type Overhead = Readonly<{
  scope: Scope
  databaseUrl: string
  claims: Claims
  processes: number
  /** How long the call itself takes, about; 0 shows what the record can take. */
  callMs: number
  seconds: number
}>

/** Calls on all claims at once, spread over processes, and what each cost in milliseconds. */
export async function measureOverhead({ scope, databaseUrl, claims, processes, callMs, seconds }: Overhead) {
  const folder = await temporaryFolder(scope)
  const started = await Promise.all(
    Array.from({ length: processes }, async (_, n) => {
      const runs = claims.filter((_claim, i) => i % processes === n)
      return startCaller(scope, { folder, name: `caller-${n}`, order: { databaseUrl, callMs, runs } })
    }),
  )
  await Promise.all(started.map(({ ready }) => ready))
  await wait(seconds * 1000, undefined, { signal: scope.signal })
  for (const { pid } of started) process.kill(pid, 'SIGTERM')
  const done = await Promise.all(started.map((caller) => caller.done))
  const warm = done.map(({ gateMs, reserveMs }) => ({
    gateMs: withoutFirst(gateMs),
    reserveMs: withoutFirst(reserveMs),
  }))
  const gate = warm.flatMap(({ gateMs }) => gateMs)
  const reserve = warm.flatMap(({ reserveMs }) => reserveMs)
  const all = gate.map((ms, i) => ms + (reserve[i] ?? Number.NaN))
  return {
    p50: percentile(all, 50),
    p95: percentile(all, 95),
    'gate.p50': percentile(gate, 50),
    'gate.p95': percentile(gate, 95),
    'reserve.p50': percentile(reserve, 50),
    'reserve.p95': percentile(reserve, 95),
    calls: all.length,
    'calls/s': all.length / (seconds * (1 - WARM_SHARE)),
  }
}

const withoutFirst = (values: readonly number[]): readonly number[] =>
  values.slice(Math.ceil(values.length * WARM_SHARE))

type Caller = Readonly<{ folder: string; name: string; order: OverheadOrder }>

async function startCaller(scope: Scope, { folder, name, order }: Caller) {
  const ready = Promise.withResolvers<void>()
  const done = Promise.withResolvers<Extract<OverheadMessage, { kind: 'done' }>>()
  const fail = (error: unknown): void => {
    ready.reject(error)
    done.reject(error)
  }
  done.promise.catch(() => {}) // Whoever waits for `ready` hears of it first.
  const own = await startProcess(scope, {
    name,
    command: process.execPath,
    args: [SCRIPT, JSON.stringify(order)],
    env: { PATH: process.env['PATH'] },
    folder,
    onMessage: (received) => {
      const message = received as OverheadMessage
      if (message.kind === 'ready') ready.resolve()
      else if (message.kind === 'done') done.resolve(message)
      else fail(new Error(`${name}: ${message.message}`))
    },
  })
  own.ended.catch(fail)
  return { pid: own.pid, ready: ready.promise, done: done.promise }
}
