import type {
  Agent,
  AgentInput,
  AgentStats,
  AgentVersion,
  Analysis,
  ApprovalDecisionInput,
  ApprovalStatus,
  ApprovalView,
  CostReport,
  CreateRunInput,
  DeadLetterSummaryView,
  DeadLetterView,
  Dispatch,
  ErrorCode,
  ErrorStats,
  FleetView,
  JsonObject,
  Lanes,
  Mode,
  Models,
  PatchRunInput,
  PlanInput,
  PlanView,
  RequestType,
  RunCost,
  RunEvent,
  RunStats,
  RunStatus,
  RunView,
  SetWorkspaceBudgetInput,
  TaskSummaryView,
  TaskView,
  ToolView,
  RestingRuns,
  WorkspaceBudget,
} from '@flotilla/domain'
import { PAGE_MAX } from '@flotilla/domain'
import { read, readText, runPath, type Page, type PageQuery } from './calls.ts'
import { followRun, readEventPage, type EventPage, type EventQuery, type FollowOptions } from './follow.ts'
import { artifactCalls, documentCalls, type ArtifactCalls, type DocumentCalls } from './run-files.ts'
import {
  createTransport,
  readBody,
  type Call,
  type CallOptions,
  type ClientOptions,
  type Transport,
} from './transport.ts'

/** Which runs are meant, wherever they are listed or counted. */
export type RunNarrowing = Readonly<{
  /** One, or several separated by commas. */
  status?: RunStatus | `${RunStatus},${string}` | undefined
  /** `key:value`; of several all. */
  label?: string | readonly string[] | undefined
  type?: RequestType | undefined
  mode?: Mode | undefined
}>
export type RunQuery = PageQuery &
  RunNarrowing &
  Readonly<{
    /** By name, of one of its tasks; and of one of its calls. */
    agent?: string | undefined
    model?: string | undefined
    /** Of the run, or of an attempt or a tool call in it; one, or several separated by commas. */
    error?: ErrorCode | `${ErrorCode},${string}` | undefined
    /** Text that the goal has, whatever its case, or the beginning of the run's id. */
    q?: string | undefined
    workflow?: string | undefined
    from?: string | undefined
    to?: string | undefined
  }>

export type ApprovalQuery = PageQuery & Readonly<{ status?: ApprovalStatus | undefined; run?: string | undefined }>

export type AgentQuery = PageQuery & Readonly<{ role?: string | undefined }>

export type DeadLetterQuery = PageQuery & Readonly<{ run?: string | undefined; redriven?: boolean | undefined }>

type TimeQuery = Readonly<{ from?: string | undefined; to?: string | undefined; limit?: number | undefined }>

/**
 * `by`: agent, model, task_type, purpose, run, day or label:KEY; without times this calendar month, in UTC. `over`: series by
 * day, of the `top` items.
 */
export type CostQuery = TimeQuery &
  RunNarrowing &
  Readonly<{ by?: string | undefined; over?: 'day' | undefined; top?: number | undefined }>

export type AgentStatsQuery = PageQuery &
  Readonly<{ taskType?: string | undefined; role?: string | undefined; agentId?: string | undefined }>

/**
 * `by`: day, status, mode, type, agent, model or label:KEY; without times the last 30 days. `split`: one of them but day, by
 * which there are series by day, of the `top` most frequent.
 */
export type RunStatsQuery = TimeQuery &
  RunNarrowing &
  Readonly<{ by?: string | undefined; split?: string | undefined; top?: number | undefined }>

/** Without times the last 30 days. */
export type ErrorStatsQuery = TimeQuery & RunNarrowing

export interface CreateOptions extends CallOptions {
  /** The same key and body answer the first response again. A random one unless given. */
  readonly idempotencyKey?: string | undefined
}

/** What a call that changes a run answers. */
export type RunAccepted = Readonly<Pick<RunView, 'id' | 'status' | 'priority' | 'planVersion' | 'createdAt'>>
/** What a cancel answers: the receipt with what is known at once; what the stopped calls used comes in after it. */
export type CancelAccepted = RunAccepted & Readonly<Pick<RunView, 'cancellation'>>
/** A run as a list shows it: without what can be large. */
export type RunSummary = Omit<RunView, 'inputs' | 'analysis' | 'dispatch' | 'result' | 'cancellation' | 'pause'>
/** What the planner would make of a request, and how the request could be better; no run is created. */
export type RequestAnalysis = Readonly<{
  analysis: Analysis
  dispatch: Dispatch
  coaching: readonly string[]
  /** What the same work would cost with the other models that are set up and have a price, the cheapest first. */
  alternatives: readonly Readonly<{ model: string; costUsd: number }>[]
  /** Model calls that the analysis itself took, and what they have cost. */
  analysisCost: Readonly<{ calls: number; costUsd: number }>
}>
/** `resumed`: runs that rested since the month was used up, and go on. */
export type WorkspaceBudgetSet = WorkspaceBudget & Readonly<{ resumed: readonly string[]; resting: RestingRuns }>
export type DependencyState = Readonly<{ status: 'up' | 'down'; reason?: string }>
/** `ready` is false while one of the dependencies is down. */
export type Readiness = Readonly<{ ready: boolean; dependencies: Readonly<Record<string, DependencyState>> }>

export interface RunCalls {
  create(input: CreateRunInput, options?: CreateOptions): Promise<RunAccepted>
  list(query?: RunQuery, options?: CallOptions): Promise<Page<RunSummary>>
  get(id: string, options?: CallOptions): Promise<RunView>
  /** Budget, priority or labels of a live run; a limit below what is spent and held lets nothing more begin. */
  patch(id: string, input: PatchRunInput, options?: CallOptions): Promise<RunView>
  /** What its model calls have cost, by kind. */
  cost(id: string, options?: CallOptions): Promise<RunCost>
  /** Only a terminal run; else ProblemError 409. */
  delete(id: string, options?: CallOptions): Promise<void>
  start(id: string, options?: CallOptions): Promise<RunAccepted>
  /** Halts it at the next turn boundaries; a paused run stays so through every recovery. */
  pause(id: string, options?: CallOptions): Promise<RunAccepted>
  resume(id: string, options?: CallOptions): Promise<RunAccepted>
  cancel(id: string, options?: CallOptions): Promise<CancelAccepted>
  events(id: string, query?: EventQuery, options?: CallOptions): Promise<EventPage>
  follow(id: string, options?: FollowOptions): AsyncGenerator<RunEvent, void>
  /** The completion report as Markdown. */
  report(id: string, options?: CallOptions): Promise<string>
  reportJson(id: string, options?: CallOptions): Promise<JsonObject>
}

export interface Client {
  readonly url: string
  readonly runs: RunCalls
  readonly plan: {
    get(id: string, options?: CallOptions): Promise<PlanView>
    /** Before the run has started. */
    put(id: string, plan: PlanInput, options?: CallOptions): Promise<PlanView>
    /** The plain `Task N: @role - …` form. */
    text(id: string, options?: CallOptions): Promise<string>
  }
  readonly tasks: {
    list(id: string, query?: PageQuery, options?: CallOptions): Promise<Page<TaskSummaryView>>
    /** Every page. */
    all(id: string, options?: CallOptions): Promise<TaskSummaryView[]>
    get(id: string, key: string, options?: CallOptions): Promise<TaskView>
  }
  readonly artifacts: ArtifactCalls
  readonly documents: DocumentCalls
  readonly analyses: { create(input: CreateRunInput, options?: CreateOptions): Promise<RequestAnalysis> }
  readonly agents: {
    list(query?: AgentQuery, options?: CallOptions): Promise<Page<Agent>>
    get(id: string, options?: CallOptions): Promise<Agent>
    /** What it is and was, newest first. */
    versions(id: string, query?: PageQuery, options?: CallOptions): Promise<Page<AgentVersion>>
    create(input: AgentInput, options?: CreateOptions): Promise<Agent>
    replace(id: string, input: AgentInput, options?: CallOptions): Promise<Agent>
    delete(id: string, options?: CallOptions): Promise<void>
  }
  /** What waits for a person. */
  readonly approvals: {
    /** Oldest first. */
    list(query?: ApprovalQuery, options?: CallOptions): Promise<Page<ApprovalView>>
    get(id: string, options?: CallOptions): Promise<ApprovalView>
    /** The same again is no error; ProblemError 409 where something else was decided, or it is too late. */
    decide(id: string, decision: ApprovalDecisionInput, options?: CallOptions): Promise<ApprovalView>
  }
  readonly deadLetters: {
    /** Newest first. */
    list(query?: DeadLetterQuery, options?: CallOptions): Promise<Page<DeadLetterSummaryView>>
    get(id: string, options?: CallOptions): Promise<DeadLetterView>
    /** The new run, whoever redrove it; ProblemError 409 while the task's run has not ended. */
    redrive(id: string, options?: CallOptions): Promise<RunAccepted>
  }
  /** Of the workspace's calendar month; a limit below what is spent and held lets nothing more begin. */
  readonly budget: {
    get(options?: CallOptions): Promise<WorkspaceBudget>
    /** Sets all limits. */
    replace(input: SetWorkspaceBudgetInput, options?: CallOptions): Promise<WorkspaceBudgetSet>
    /** Sets some limits; null takes one away. */
    change(input: SetWorkspaceBudgetInput, options?: CallOptions): Promise<WorkspaceBudgetSet>
  }
  /** What the workspace's model calls have cost. */
  costs(query?: CostQuery, options?: CallOptions): Promise<CostReport>
  readonly stats: {
    /** What agents did, by task type, role, agent and model. */
    agents(query?: AgentStatsQuery, options?: CallOptions): Promise<Page<AgentStats>>
    /** How many runs there were, how they ended, how long they took and what they cost. */
    runs(query?: RunStatsQuery, options?: CallOptions): Promise<RunStats>
    /** What failed in them. */
    errors(query?: ErrorStatsQuery, options?: CallOptions): Promise<ErrorStats>
  }
  /** What there is to do in the whole fleet, and who does it. */
  fleet(options?: CallOptions): Promise<FleetView>
  /** What agents and tasks may be given. */
  tools(options?: CallOptions): Promise<Page<ToolView>>
  /** The models in use, with their prices. */
  models(options?: CallOptions): Promise<Models>
  /** What each provider, model and key lets pass, and what waits for it. */
  lanes(options?: CallOptions): Promise<Lanes>
  health(options?: CallOptions): Promise<JsonObject>
  /** Answers also while the server is not ready. */
  ready(options?: CallOptions): Promise<Readiness>
}

/** Throws nothing itself; calls throw ProblemError, ServerUnreachableError or UnexpectedAnswerError. */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options)
  const { url } = transport
  return {
    url,
    runs: runCalls(transport),
    plan: {
      get: (id, o) => transport.json(read(`${runPath(id)}/plan`, o)),
      put: (id, body, o) => transport.json({ ...read(`${runPath(id)}/plan`, o), method: 'PUT', body }),
      text: (id, o) =>
        readText(transport, { ...read(`${runPath(id)}/plan`, o), query: { format: 'text' }, accept: 'text/plain' }),
    },
    tasks: {
      list: (id, query, o) => transport.json({ ...read(`${runPath(id)}/tasks`, o), query }),
      all: (id, o) => allTasks(transport, id, o),
      get: (id, key, o) => transport.json(read(`${runPath(id)}/tasks/${encodeURIComponent(key)}`, o)),
    },
    artifacts: artifactCalls(transport),
    documents: documentCalls(transport),
    analyses: { create: (body, o) => transport.json({ ...create('/v1/analyses', body, o), repeatable: true }) },
    agents: agentCalls(transport),
    approvals: approvalCalls(transport),
    deadLetters: deadLetterCalls(transport),
    budget: {
      get: (o) => transport.json(read('/v1/budget', o)),
      replace: (body, o) => transport.json({ ...read('/v1/budget', o), method: 'PUT', body }),
      change: (body, o) => transport.json({ ...read('/v1/budget', o), method: 'PATCH', body }),
    },
    costs: (query, o) => transport.json({ ...read('/v1/costs', o), query }),
    stats: {
      agents: (query, o) => transport.json({ ...read('/v1/stats/agents', o), query }),
      runs: (query, o) => transport.json({ ...read('/v1/stats/runs', o), query }),
      errors: (query, o) => transport.json({ ...read('/v1/stats/errors', o), query }),
    },
    fleet: (o) => transport.json(read('/internal/fleet', o)),
    tools: (o) => transport.json(read('/v1/tools', o)),
    models: (o) => transport.json(read('/v1/models', o)),
    lanes: (o) => transport.json(read('/v1/lanes', o)),
    health: (o) => transport.json({ ...read('/healthz', o), repeatable: false }),
    ready: (o) => readReadiness(transport, o),
  }
}

function runCalls(transport: Transport): RunCalls {
  const control = <T = RunAccepted>(id: string, verb: string, o?: CallOptions): Promise<T> =>
    transport.json({ method: 'POST', path: `${runPath(id)}/${verb}`, repeatable: true, signal: o?.signal })
  return {
    create: (input, o) => transport.json(create('/v1/runs', input, o)),
    list: (query, o) => transport.json({ ...read('/v1/runs', o), query }),
    get: (id, o) => transport.json(read(runPath(id), o)),
    patch: (id, body, o) => transport.json({ ...read(runPath(id), o), method: 'PATCH', body }),
    cost: (id, o) => transport.json(read(`${runPath(id)}/cost`, o)),
    // Not repeatable: a second one would answer 404 for what the first has done.
    delete: async (id, o) =>
      void (await transport.send({ ...read(runPath(id), o), method: 'DELETE', repeatable: false })),
    start: (id, o) => control(id, 'start', o),
    pause: (id, o) => control(id, 'pause', o),
    resume: (id, o) => control(id, 'resume', o),
    cancel: (id, o) => control<CancelAccepted>(id, 'cancel', o),
    events: (id, query = {}, o = {}) => readEventPage(transport, id, query, o),
    follow: (id, o) => followRun(transport, id, o),
    report: (id, o) => readText(transport, { ...read(`${runPath(id)}/report`, o), accept: 'text/markdown' }),
    reportJson: (id, o) => transport.json(read(`${runPath(id)}/report`, o)),
  }
}

function agentCalls(transport: Transport): Client['agents'] {
  const path = (id: string): string => `/v1/agents/${encodeURIComponent(id)}`
  return {
    list: (query, o) => transport.json({ ...read('/v1/agents', o), query }),
    get: (id, o) => transport.json(read(path(id), o)),
    versions: (id, query, o) => transport.json({ ...read(`${path(id)}/versions`, o), query }),
    create: (input, o) => transport.json(create('/v1/agents', input, o)),
    replace: (id, body, o) => transport.json({ ...read(path(id), o), method: 'PUT', body }),
    delete: async (id, o) => void (await transport.send({ ...read(path(id), o), method: 'DELETE', repeatable: false })),
  }
}

function deadLetterCalls(transport: Transport): Client['deadLetters'] {
  const path = (id: string): string => `/v1/dead-letters/${encodeURIComponent(id)}`
  return {
    list: ({ redriven, ...page } = {}, o) =>
      transport.json({
        ...read('/v1/dead-letters', o),
        query: { ...page, redriven: redriven === undefined ? undefined : String(redriven) },
      }),
    get: (id, o) => transport.json(read(path(id), o)),
    redrive: (id, o) =>
      transport.json({ method: 'POST', path: `${path(id)}/redrive`, repeatable: true, signal: o?.signal }),
  }
}

function approvalCalls(transport: Transport): Client['approvals'] {
  const path = (id: string): string => `/v1/approvals/${encodeURIComponent(id)}`
  return {
    list: (query, o) => transport.json({ ...read('/v1/approvals', o), query }),
    get: (id, o) => transport.json(read(path(id), o)),
    decide: (id, body, o) => transport.json({ ...read(`${path(id)}/decision`, o), method: 'POST', body }),
  }
}

const create = (path: string, body: unknown, options: CreateOptions = {}): Call => ({
  method: 'POST',
  path,
  body,
  headers: { 'idempotency-key': options.idempotencyKey ?? crypto.randomUUID() },
  repeatable: true,
  signal: options.signal,
})

async function allTasks(transport: Transport, id: string, options?: CallOptions): Promise<TaskSummaryView[]> {
  const tasks: TaskSummaryView[] = []
  let cursor: string | undefined
  do {
    const query = { limit: PAGE_MAX, cursor }
    const page = await transport.json<Page<TaskSummaryView>>({ ...read(`${runPath(id)}/tasks`, options), query })
    tasks.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return tasks
}

async function readReadiness(transport: Transport, options?: CallOptions): Promise<Readiness> {
  const response = await transport.send({ ...read('/readyz', options), repeatable: false, alsoOk: [503] })
  const text = await readBody(transport.url, response, options?.signal)
  return { ready: response.ok, dependencies: dependenciesOf(text) }
}

/** A server that is not ready says so in a problem, with the same field. */
function dependenciesOf(text: string): Readiness['dependencies'] {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('dependencies' in value)) return {}
    return (value.dependencies ?? {}) as Readiness['dependencies']
  } catch {
    return {}
  }
}
