import { randomBytes } from 'node:crypto'
import { toolViews } from '@flotilla/agents'
import {
  claimRun,
  createDb,
  createPool,
  expandRun,
  finishRun,
  migrate,
  step,
  type ClaimedTask,
  type Db,
  type Settlement,
  type WakeUp,
} from '@flotilla/db'
import {
  NO_USAGE,
  planGraph,
  type CreateRunInput,
  type Output,
  type Problem,
  type RunEvent,
  type Usage,
} from '@flotilla/domain'
import { createLocalHints, type Hints } from '@flotilla/engine'
import {
  NO_TOKENS,
  createCircuits,
  createMemoryGate,
  createModelRegistry,
  createNoopProvider,
  createPriceTable,
  DEFAULT_RETRY,
} from '@flotilla/llm'
import { migrateQueues } from '@flotilla/queue'
import { createLogger, systemClock } from '@flotilla/runtime'
import { createTestDatabase } from '@flotilla/testing'
import type pg from 'pg'
import { createApp } from '../app.ts'
import type { ApiDeps } from '../context.ts'
import { createApiMetrics } from '../metrics/api-metrics.ts'
import { createFleetReads } from '../metrics/fleet-reads.ts'
import { serve } from '../server.ts'
import { createEventFeeds, type EventFeeds } from '../streams/event-feeds.ts'
import { appFiles } from '../web/app-files.ts'

export type Api = Readonly<{
  url: string
  databaseUrl: string
  /** As workers see the record: all of it. */
  pool: pg.Pool
  db: Db
  hints: Hints
  feeds: EventFeeds
  /** Runs that the planner was told of. */
  woken: number[]
  /** Runs that a finisher, and tasks that agents were told of. */
  finishing: number[]
  wokenTasks: WakeUp[]
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** A run through the API; answers its id. */
  submit(body?: Partial<CreateRunInput>): Promise<string>
  close(): Promise<void>
}>

export type CallOptions = Readonly<{
  json?: unknown
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
  headers?: Record<string, string>
}>
export type Answer = Readonly<{ status: number; headers: Headers; text: string; json: never }>

/** The API over HTTP, on a record of its own; `change` replaces what it works with, `webApp` is the folder of the built app. */
export async function openApi(
  change: (deps: ApiDeps) => Partial<ApiDeps> = () => ({}),
  webApp = '/nowhere',
): Promise<Api> {
  const database = await createTestDatabase({ template: { name: 'flotilla', migrate: migrateAll } })
  const ignore = (): void => {}
  const settings = { url: database.url, max: 4, applicationName: 'test', onError: ignore }
  const appPool = createPool({ ...settings, role: 'app' })
  const pool = createPool({ ...settings, role: 'engine' })
  const db = createDb(appPool)
  const hints = createLocalHints()
  const feeds = createEventFeeds({ db, hints, onError: ignore })
  const log = createLogger({ name: 'test', level: 'fatal' })
  const { fleet, metrics } = watchFleet({ pool, appPool, feeds, log })
  const woken: number[] = []
  const finishing: number[] = []
  const wokenTasks: WakeUp[] = []
  const deps: ApiDeps = {
    db,
    clock: systemClock,
    random: randomBytes,
    wake: {
      plan: async (runId) => void woken.push(runId),
      finish: async (runId) => void finishing.push(runId),
      tasks: async (tasks) => void wokenTasks.push(...tasks),
    },
    hints,
    feeds,
    fleet,
    metrics,
    tools: toolViews([]),
    models: offlineModels,
    checks: { queue: async () => {} },
    log,
  }
  const app = createApp({ ...deps, ...change(deps) }, { boundToLoopback: true, webApp: appFiles(webApp) })
  const server = await serve(app, { host: '127.0.0.1', port: 0 }, log)
  const call: Api['call'] = (method, path, options) => callServer(server.url, method, path, options)
  return {
    url: server.url,
    databaseUrl: database.url,
    pool,
    db: createDb(pool),
    hints,
    feeds,
    woken,
    finishing,
    wokenTasks,
    call,
    submit: (body) => submit(call, body),
    close: async () => {
      feeds.close()
      metrics.close()
      await server.close(1_000)
      await Promise.all([appPool.end(), pool.end()])
      await database.drop()
    },
  }
}

async function submit(call: Api['call'], body: Partial<CreateRunInput> = {}): Promise<string> {
  const answer = await call('POST', '/v1/runs', { json: { goal: 'Say what there is', ...body } })
  if (answer.status !== 202) throw new Error(`expected 202, found ${answer.status}: ${answer.text}`)
  return (answer.json as { id: string }).id
}

function watchFleet(
  of: Readonly<{ pool: pg.Pool; appPool: pg.Pool; feeds: EventFeeds; log: ApiDeps['log'] }>,
): Pick<ApiDeps, 'fleet' | 'metrics'> {
  const fleet = createFleetReads(createDb(of.pool), Date.now)
  const metrics = createApiMetrics({
    fleet,
    modelLabel: (ref) => ref,
    sseReaders: of.feeds.readers,
    pools: [of.appPool],
    log: of.log,
  })
  return { fleet, metrics }
}

async function migrateAll(url: string): Promise<void> {
  await migrate(url)
  await migrateQueues(url)
}

const offlineModels: ApiDeps['models'] = {
  models: createModelRegistry({ offline: createNoopProvider(), model: 'offline:default' }),
  fallbackModels: [],
  prices: createPriceTable(),
  unknownPrice: 'most_expensive',
  gate: createMemoryGate({ now: Date.now }),
  circuits: createCircuits({ now: Date.now }),
  callRetry: DEFAULT_RETRY,
  now: () => new Date(),
  random: () => 0.5,
  callKey: () => randomBytes(8).toString('hex'),
}

async function callServer(url: string, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const { json, body, headers = {} } = options
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(json === undefined
      ? body === undefined
        ? {}
        : { body, duplex: 'half' as const }
      : { body: JSON.stringify(json) }),
  })
  const text = await response.text()
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, text, json: (isJson ? JSON.parse(text) : null) as never }
}

/** What a refusal says, without the parts that differ each time. */
export const problemOf = (answer: Answer): Problem => answer.json

export const numericId = async (api: Api, uid: string): Promise<number> => {
  const { rows } = await api.pool.query<{ id: number }>('select id from flotilla.runs where uid = $1', [uid])
  if (rows[0] === undefined) throw new Error(`there is no run ${uid} in the record`)
  return rows[0].id
}

/** What the planner does with an explicit plan: claims the run and makes its tasks rows. Answers the run's number. */
export async function expand(api: Api, uid: string): Promise<number> {
  const runId = await numericId(api, uid)
  const claim = await claimRun(api.db, { runId, phase: 'plan', worker: 'planner', leaseMs: 60_000 })
  const plan = await api.db
    .selectFrom('plans')
    .select(['tasks', 'version'])
    .where('run_id', '=', runId)
    .executeTakeFirst()
  if (claim === null || plan === undefined) throw new Error(`run ${uid} cannot be expanded`)
  const { tasks, version } = plan
  const graph = planGraph(tasks)
  const selection = {
    agentId: '',
    agent: 'writer',
    model: 'noop:noop',
    drafted: false,
    reason: 'the only one',
    candidates: [],
  }
  await expandRun(api.db, {
    runId,
    fence: claim.fence,
    planVersion: version,
    tasks: tasks.map((spec, idx) => ({
      idx,
      deps: graph.deps[idx] ?? [],
      outs: graph.outs[idx] ?? [],
      spec,
      title: spec.title ?? spec.key,
      type: spec.type ?? 'task',
      agentId: null,
      selection,
    })),
  })
  return runId
}

const USAGE: Usage = { ...NO_USAGE, ...NO_TOKENS, inputTokens: 30, outputTokens: 12, modelCalls: 1, costUsd: 0.25 }
export const OUTPUT: Output = { text: 'done', artifacts: [], citations: [], simulated: true }

const stepInput = { cap: 10, served: null, leaseMs: 60_000, worker: 'w1' }

export async function claimTask(api: Api, runId: number, idx: number): Promise<ClaimedTask> {
  const { claimed } = await step(api.pool, { ...stepInput, cap: 0, settlements: [], claims: [{ runId, idx }] })
  if (claimed[0] === undefined) throw new Error(`task ${idx} of run ${runId} cannot be claimed`)
  return claimed[0]
}

/** Settles a claim with one turn on record; answers whether it took effect, and what the step claimed next. */
export async function settle(
  api: Api,
  task: ClaimedTask,
  verb: Settlement['verb'] = 'complete',
  more: Partial<Settlement['data']> = {},
) {
  const turn = {
    turn: 1,
    model: 'noop:noop',
    request: [{ role: 'user', content: 'do it' }],
    reply: { text: 'done' },
    stopReason: 'end',
    usage: USAGE,
    context: { sections: [] },
    startedAt: new Date().toISOString(),
  }
  const settlement: Settlement = {
    runId: task.runId,
    idx: task.idx,
    fence: task.fence,
    judged: false,
    verb,
    delayMs: 0,
    data: {
      kind: task.kind,
      turn,
      turnEvent: { turn: 1 },
      usage: USAGE,
      spent: USAGE,
      ...(verb === 'complete' ? { output: OUTPUT } : {}),
      ...more,
    },
  }
  const { settled, claimed } = await step(api.pool, { ...stepInput, settlements: [settlement], claims: [] })
  api.hints.publish({ runId: task.runId })
  return { tookEffect: settled.length === 1, claimed }
}

/** Every task of the run, one after the other, then its end. */
export async function runToEnd(api: Api, runId: number): Promise<void> {
  const open = [await claimTask(api, runId, 0)]
  for (let task = open.shift(); task !== undefined; task = open.shift()) open.push(...(await settle(api, task)).claimed)
  await finish(api, runId)
}

/** What finishing writes. */
export async function finish(api: Api, runId: number, status: 'completed' | 'failed' = 'completed'): Promise<void> {
  const claim = await claimRun(api.db, { runId, phase: 'finish', worker: 'finisher', leaseMs: 60_000 })
  if (claim === null) throw new Error(`run ${runId} cannot be finished`)
  await finishRun(api.db, {
    runId,
    fence: claim.fence,
    status,
    result: { text: 'done', citations: [], simulated: true },
    quality: { score: 1, parts: {} },
    report: { markdown: '# Report', json: { title: 'Report' } },
    error: null,
    simulated: true,
  })
  api.hints.publish({ runId })
}

export type SseEvent = Readonly<{ id: string | null; event: string | null; data: string }>

/** Reads a stream of Server-Sent Events until it ends, or until `enough` says so. */
export async function readSse(
  url: string,
  headers: Record<string, string> = {},
  enough: (events: readonly SseEvent[]) => boolean = () => false,
): Promise<{ status: number; events: SseEvent[]; ended: boolean }> {
  const response = await fetch(url, { headers })
  const events: SseEvent[] = []
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true })
    const frames = rest.split('\n\n')
    rest = frames.pop() ?? ''
    events.push(...frames.map(parseFrame).filter((event) => event !== null))
    // Leaving the loop closes the connection.
    if (enough(events)) return { status: response.status, events, ended: false }
  }
  return { status: response.status, events, ended: true }
}

function parseFrame(frame: string): SseEvent | null {
  const field = (name: string): string[] =>
    frame
      .split('\n')
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
  const data = field('data')
  return data.length === 0
    ? null
    : { id: field('id')[0] ?? null, event: field('event')[0] ?? null, data: data.join('\n') }
}

export const eventOf = (sse: SseEvent): RunEvent => JSON.parse(sse.data) as RunEvent

/** A record at an address where nothing listens. */
export const unreachableDb = (): Db =>
  createDb(
    createPool({
      url: 'postgres://nobody@127.0.0.1:1/none',
      role: 'app',
      max: 1,
      applicationName: 'test',
      onError: () => {},
    }),
  )
