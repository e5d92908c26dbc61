import { randomBytes } from 'node:crypto'
import {
  createDb,
  createPool,
  claimRun,
  readParkedRoles,
  type ClaimedTask,
  type Db,
  type Settlement,
  readSelectableAgents,
} from '@flotilla/db'
import { NO_USAGE, sortableId, type Output, type PlanTaskInput, PlanSchema } from '@flotilla/domain'
import { createProducer, openBackend, openHints, type Backend, type Hints, type Producer } from '@flotilla/queue'
import { createLogger } from '@flotilla/runtime'
import { createTestDatabase, redisPrefix, testRedisUrl, until, type QueueBackend } from '@flotilla/testing'
import type pg from 'pg'
import * as v from 'valibot'
import { expandPlan, rootWakeUps, treeTasks } from '../expand-plan.ts'
import { createRunRecord } from '../run-record.ts'
import { WorkerEngine } from '../worker-engine.ts'
import type { WorkerEngineDeps } from '../worker-engine-deps.ts'
import { TEMPLATE } from './template.ts'

export type Spine = Readonly<{
  url: string
  db: Db
  pool: pg.Pool
  backend: Backend
  producer: Producer
  /** A worker of this spine, started; `run` is the task's body. */
  work(run: TaskBody, options?: Partial<WorkerEngineDeps>): Promise<WorkerEngine>
  /** As the request of a workspace, 1 when left out. */
  submit(tasks: readonly PlanTaskInput[], workspaceId?: number): Promise<number>
  ended(runId: number): Promise<string>
  close(): Promise<void>
}>

export type TaskBody = (task: ClaimedTask, signal: AbortSignal) => Promise<Partial<Settlement>>

export const output = (text: string): Output => ({ text, artifacts: [], citations: [], simulated: true })

/** A record and a queue of this test's own, and workers on them. */
export async function openSpine(kind: QueueBackend, treeMax: number): Promise<Spine> {
  const database = await createTestDatabase({ template: TEMPLATE })
  const onError = (): void => {}
  const pool = createPool({ url: database.url, role: 'engine', max: 6, applicationName: 'test', onError })
  const db = createDb(pool)
  const backend = openBackend({
    redisUrl: kind === 'redis' ? testRedisUrl() : undefined,
    databaseUrl: database.url,
    prefix: redisPrefix(),
    onError,
  })
  const producer = createProducer(backend, onError)
  const engines: WorkerEngine[] = []
  const log = createLogger({ name: 'test', level: 'fatal' })
  const work = async (run: TaskBody, options: Partial<WorkerEngineDeps> = {}): Promise<WorkerEngine> => {
    const worker = `w${engines.length + 1}`
    const hints = openHints(backend, database.url, onError)
    const engine = new WorkerEngine({
      worker,
      version: '0.0.0',
      roles: { planner: true, agents: null, verifier: true, learner: true, maintenance: true },
      concurrency: 10,
      leaseMs: 10_000,
      heartbeatMs: 500,
      sweepMs: 200,
      pool,
      db,
      backend,
      producer,
      hints,
      log,
      random: Math.random,
      runTask: async (task, { signal }) => ({ ...completed(task), ...(await run(task, signal)) }),
      planRun: (runId) => expandOnly({ db, pool, producer, backend, treeMax, worker, hints }, runId),
      finishRun: (runId) => markFinished(pool, runId),
      learnRuns: () => Promise.resolve(),
      ...options,
    })
    engines.push(engine)
    await engine.start()
    return engine
  }
  return {
    url: database.url,
    db,
    pool,
    backend,
    producer,
    work,
    submit: (tasks, workspaceId = 1) => submit(db, producer, tasks, workspaceId),
    ended: (runId) => ended(db, runId),
    close: async () => {
      await Promise.all(engines.map((engine) => engine.stop(0)))
      await producer.close()
      await backend.close()
      await db.destroy()
      await database.drop()
    },
  }
}

const ended = (db: Db, runId: number): Promise<string> =>
  until(
    async () => {
      const row = await db.selectFrom('runs').select(['status', 'live']).where('id', '=', runId).executeTakeFirst()
      return row && !row.live ? row.status : null
    },
    { what: `run ${runId} has ended`, timeoutMs: 50_000 },
  )

export function completed(task: ClaimedTask): Settlement {
  return {
    runId: task.runId,
    idx: task.idx,
    fence: task.fence,
    judged: task.judge,
    verb: 'complete',
    delayMs: 0,
    data: { kind: task.kind, output: output(`${task.idx}`), usage: NO_USAGE, spent: NO_USAGE },
  }
}

async function submit(
  db: Db,
  producer: Producer,
  tasks: readonly PlanTaskInput[],
  workspaceId: number,
): Promise<number> {
  const plan = v.parse(PlanSchema, { tasks })
  const run = await db
    .insertInto('runs')
    .values({
      workspace_id: workspaceId,
      uid: sortableId('run', Date.now(), randomBytes(16)),
      status: 'created',
      auto_start: true,
      priority: 5,
      holder: null,
      plan_version: 1,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const owner = { run_id: run.id, workspace_id: workspaceId }
  await db
    .insertInto('run_specs')
    .values({ ...owner, goal: 'test', inputs: '{}', mode: 'parallel', labels: '{}', budget: '{"onExceeded":"fail"}' })
    .execute()
  await db
    .insertInto('plans')
    .values({ ...owner, version: 1, made_by: 'user', tasks: JSON.stringify(plan.tasks) })
    .execute()
  await producer.wakePlan(run.id, 5)
  return run.id
}

type ExpandOnly = Readonly<{
  db: Db
  pool: pg.Pool
  producer: Producer
  backend: Backend
  treeMax: number
  worker: string
  hints: Hints
}>

/** Planning without a planner: the plan is there; one agent does everything. */
async function expandOnly(deps: ExpandOnly, runId: number): Promise<boolean> {
  const claim = await claimRun(deps.db, { runId, phase: 'plan', worker: deps.worker, leaseMs: 10_000 })
  if (claim === null) return false
  const plan = await deps.db.selectFrom('plans').select('tasks').where('run_id', '=', runId).executeTakeFirstOrThrow()
  const agent = {
    description: '',
    capabilities: [],
    model: null,
    systemPrompt: '',
    tools: [],
    maxTurns: 1,
    maxOutputTokens: 100,
    modelSettings: {},
    enabled: true,
  }
  const { expanded, tasks, newRoles, tree, wake, parked } = await expandPlan(
    {
      db: deps.db,
      record: createRunRecord({ pool: deps.pool, db: deps.db, worker: deps.worker, leaseMs: 10_000 }),
      now: () => new Date(),
      randomBytes,
      selectAgent: (task, agents) => ({
        agentId: agents[0]?.id ?? '',
        agent: agents[0]?.name ?? '',
        model: 'noop',
        drafted: true,
        reason: '',
        candidates: [],
      }),
      draftAgent: (role) => ({ ...agent, name: role, role, origin: 'drafted' }),
      treeMax: deps.backend.kind === 'redis' ? deps.treeMax : 0,
      crowded: async () => new Set(await readParkedRoles(deps.pool)),
    },
    claim,
    { agents: await readSelectableAgents(deps.db, claim.workspaceId), stats: [] },
    { version: 1, tasks: plan.tasks, mode: 'parallel' },
  )
  if (!expanded) return false
  if (newRoles.length > 0) deps.hints.publish({ roles: [...newRoles] })
  if (parked) deps.hints.publish({ parked: true })
  if (tree) await deps.producer.addTree(runId, 5, treeTasks(tasks))
  else await deps.producer.wakeTasks(rootWakeUps(claim, wake))
  return true
}

async function markFinished(pool: pg.Pool, runId: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update flotilla.runs set live = false, finished_at = now(), status = case when failed > 0 then 'failed' else 'completed' end where id = $1 and status = 'verifying'`,
    [runId],
  )
  return rowCount === 1
}
