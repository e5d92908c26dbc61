import { randomBytes } from 'node:crypto'
import { BUILTIN_AGENTS } from '@flotilla/agents'
import {
  addMissingAgents,
  createDb,
  createPool,
  documentMedia,
  readParkedRoles,
  step,
  type ClaimedTask,
  type Db,
} from '@flotilla/db'
import { CreateRunSchema, sortableId, type CreateRunInput, type Json } from '@flotilla/domain'
import {
  countTokens,
  createCircuits,
  createModelRegistry,
  createOfflineProvider,
  createPriceTable,
  DEFAULT_RETRY,
  createScriptedProvider,
  type ModelProvider,
  type ModelRequest,
  type ScriptedStep,
  type ScriptedCall,
} from '@flotilla/llm'
import { createProducer, openBackend, type Hint, type Producer } from '@flotilla/queue'
import { createLogger, systemClock } from '@flotilla/runtime'
import { createTestDatabase } from '@flotilla/testing'
import type pg from 'pg'
import * as v from 'valibot'
import { createCrowdedRoles } from '../crowded-roles.ts'
import { finishRun } from '../finish-run.ts'
import { HeldClaims } from '../held-claims.ts'
import { createLocalHints } from '../hints.ts'
import { createLearner } from '../learn-runs.ts'
import { createAdmissions } from '../money/admissions.ts'
import { createTaskRecords } from '../task-records.ts'
import { createRecordGate } from '../money/record-gate.ts'
import { planRun } from '../plan-run.ts'
import { NO_DOCUMENTS, type RunDeps } from '../run-deps.ts'
import { RunLeases } from '../run-leases.ts'
import { createRunRecord } from '../run-record.ts'
import { runTask } from '../run-task.ts'
import { submitRun } from '../submit-run.ts'
import { TEMPLATE } from './template.ts'

/** What the model says: to the planner, to a task by its key, to a judge. `n` counts the calls of that kind, from 0. */
export type Script = Readonly<{
  plan?: (n: number, request: ModelRequest) => ScriptedStep
  task?: (key: string, n: number, request: ModelRequest) => ScriptedStep
  judge?: (n: number, request: ModelRequest) => ScriptedStep
}>

export type Runs = Readonly<{
  /** Of the superuser. */
  url: string
  pool: pg.Pool
  /** The engine's and the requests', of `SESSIONS` each at most. */
  pools: readonly pg.Pool[]
  /** As the engine sees the record. */
  db: Db
  /** As requests see it. */
  app: Db
  producer: Producer
  hints: Hint[]
  indexed: number[]
  deps: RunDeps
  /** What the model is to say from here on; its calls so far are forgotten. */
  say(script: Script): void
  calls(): readonly ScriptedCall[]
  /** `tools` are there beside the built-in ones. */
  submit(body?: Partial<CreateRunInput>, tools?: readonly string[]): Promise<number>
  plan(runId: number, leases?: RunLeases): Promise<boolean>
  /** Claims, runs and settles whatever can be claimed, until nothing can. Answers what it ran. */
  work(runId: number): Promise<ClaimedTask[]>
  finish(runId: number): Promise<boolean>
  learn(runId: number): Promise<void>
  /** Lets what is put off be due now. */
  hurry(runId: number): Promise<void>
  /** Lets the server know the tables as they are now. */
  analyze(): Promise<void>
  close(): Promise<void>
}>

export const SESSIONS = 6

/** `change` replaces what tasks are run with. */
export async function openRuns(change: Partial<RunDeps> = {}): Promise<Runs> {
  const database = await createTestDatabase({ template: TEMPLATE })
  const ignore = (): void => {}
  const shared = { url: database.url, max: SESSIONS, applicationName: 'test', onError: ignore }
  const [pool, appPool] = [createPool({ ...shared, role: 'engine' }), createPool({ ...shared, role: 'app' })]
  const [db, app] = [createDb(pool), createDb(appPool)]
  const seeds = BUILTIN_AGENTS.map((agent) => ({
    ...agent,
    uid: sortableId('agt', Date.now(), randomBytes(16)),
    origin: 'builtin' as const,
  }))
  await addMissingAgents(db, 1, seeds)
  const backend = openBackend({ redisUrl: undefined, databaseUrl: database.url, onError: ignore })
  const producer = createProducer(backend, ignore)
  const crowded = createCrowdedRoles(() => readParkedRoles(pool), Date.now)
  const hints: Hint[] = []
  const indexed: number[] = []
  const model = openModel()
  const local = createLocalHints()
  local.subscribe((hint) => void hints.push(hint))
  const deps = { ...runDeps({ pool, db, hints: local, model: model.provider, indexed }), ...change }
  return {
    url: database.url,
    pool,
    pools: [pool, appPool],
    db,
    app,
    producer,
    hints,
    indexed,
    deps,
    say: model.say,
    calls: model.calls,
    submit: (body = {}, tools = []) => submit(app, pool, body, tools),
    plan: (runId, leases = new RunLeases()) =>
      planRun(
        { ...deps, record: createRunRecord(deps), producer, treeMax: 200, queueKind: backend.kind, crowded },
        runId,
        leases,
      ),
    work: (runId) => work(deps, runId),
    finish: (runId) =>
      finishRun({ ...deps, record: createRunRecord(deps), learn: producer.wakeLearn }, runId, new RunLeases()),
    learn: (runId) => createLearner(deps)([runId]),
    hurry: (runId) => hurry(pool, runId),
    analyze: async () => void (await database.query('analyze')),
    close: async () => {
      await producer.close()
      await Promise.all([backend.close(), pool.end(), appPool.end()])
      await database.drop()
    },
  }
}

type Made = Pick<RunDeps, 'pool' | 'db' | 'hints'> & Readonly<{ model: ModelProvider; indexed: number[] }>

const runDeps = ({ pool, db, hints, model, indexed }: Made): RunDeps => ({
  pool,
  db,
  models: createModelRegistry({
    offline: createOfflineProvider(),
    extra: { scripted: model },
    model: 'scripted:default',
    utilityModel: 'scripted:default',
  }),
  prices: createPriceTable(),
  unknownPrice: 'most_expensive',
  fallbackModels: [],
  gate: createRecordGate({ pool }),
  circuits: createCircuits({ now: Date.now, config: { strikes: 1_000_000 } }),
  callRetry: { ...DEFAULT_RETRY, retries: 0 },
  admit: createAdmissions(pool),
  readTask: createTaskRecords(pool),
  knowledge: {
    index: async (_workspaceId, collectionId) => void indexed.push(collectionId),
    search: () => NO_DOCUMENTS.search,
    read: () => NO_DOCUMENTS.read,
    media: (_workspaceId, collectionId) => async (name) =>
      (await documentMedia(db, collectionId, name))?.toString('base64') ?? null,
  },
  hints,
  log: createLogger({ name: 'test', level: 'silent' }),
  worker: 'w1',
  leaseMs: 60_000,
  now: () => new Date(),
  random: () => 0.5,
  randomBytes,
  countTokens,
  contextTokens: 20_000,
  tools: [],
  approvalMs: 3_600_000,
  retryBaseMs: 10_000,
})

/** A simulated model: requests are analysed by rules, and it is asked for plans, work and judgements. */
function openModel() {
  let scripted = createScriptedProvider({ script: [] })
  const provider: ModelProvider = {
    name: 'scripted',
    simulated: true,
    call: (request, options) => scripted.call(request, options),
  }
  const say = (script: Script): void => {
    const counts = new Map<string, number>()
    const next = (kind: string): number => {
      const n = counts.get(kind) ?? 0
      counts.set(kind, n + 1)
      return n
    }
    scripted = createScriptedProvider({
      script: (request) => {
        const asked = request.responseSchema?.name
        if (asked === 'plan') return script.plan?.(next('plan'), request) ?? {}
        if (asked === 'judgement') return script.judge?.(next('judge'), request) ?? { text: judged(1) }
        const key = taskKeyIn(request)
        return script.task?.(key, next(key), request) ?? { text: `the result of ${key}` }
      },
    })
  }
  return { provider, say, calls: () => scripted.journal }
}

/** The key of the task that an agent's prompt is about. */
function taskKeyIn(request: ModelRequest): string {
  const parts = request.messages[0]?.content ?? []
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return /<task key="([^"]+)"/.exec(text)?.[1] ?? '?'
}

export const judged = (score: number): string => JSON.stringify({ rationale: 'because', score })

/** A planner's answer: tasks by key, with what each depends on. */
export const planned = (
  tasks: Readonly<Record<string, readonly string[]>>,
  more: Readonly<Record<string, Json>> = {},
): string =>
  JSON.stringify({
    reason: 'it is split well',
    tasks: Object.entries(tasks).map(([key, dependsOn]) => ({
      key,
      role: 'writer',
      type: 'writing',
      title: key,
      instructions: `Do ${key}`,
      dependsOn,
      verify: [],
      tools: null,
      ...more,
    })),
    result: null,
  })

async function submit(
  app: Db,
  pool: pg.Pool,
  body: Partial<CreateRunInput>,
  tools: readonly string[],
): Promise<number> {
  const accepted = await submitRun(
    { db: app, clock: systemClock, random: randomBytes, wake: { plan: async () => {} }, tools },
    { workspaceId: 1, body: v.parse(CreateRunSchema, { goal: 'Write something', ...body }), bodyHash: '' },
  )
  if (!accepted.ok) throw new Error(`the run was refused: ${JSON.stringify(accepted)}`)
  const { rows } = await pool.query<{ id: number }>('select id from flotilla.runs where uid = $1', [accepted.value.id])
  return rows[0]?.id ?? 0
}

async function work(deps: RunDeps, runId: number): Promise<ClaimedTask[]> {
  const ran: ClaimedTask[] = []
  const shared = { cap: 0, served: null, leaseMs: deps.leaseMs, worker: deps.worker }
  for (;;) {
    const tasks = await deps.db.selectFrom('tasks').select('idx').where('run_id', '=', runId).execute()
    const claims = tasks.map(({ idx }) => ({ runId, idx }))
    const { claimed } = await step(deps.pool, { ...shared, settlements: [], claims })
    if (claimed.length === 0) return ran
    ran.push(...claimed)
    const settlements = await Promise.all(claimed.map((task) => runTask(deps, task, new HeldClaims().hold(task))))
    await step(deps.pool, { ...shared, settlements, claims: [] })
  }
}

async function hurry(pool: pg.Pool, runId: number): Promise<void> {
  await pool.query('update flotilla.runs set due = clock_timestamp() where id = $1', [runId])
  await pool.query('update flotilla.tasks set not_before = clock_timestamp() where run_id = $1', [runId])
}
