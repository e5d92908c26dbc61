import {
  builtinTools,
  executeAttempt,
  runRules,
  type AttemptOutcome,
  type PastTurn,
  type SaveArtifact,
  type StopSignals,
  type TaskBrief,
  type Turn,
} from '@flotilla/agents'
import {
  finishToolCall,
  readHistory,
  readSpending,
  readTaskArtifacts,
  readTaskRecord,
  recordBudgetExceeded,
  recordTurn,
  saveArtifact,
  startToolCall,
  type ClaimedTask,
  type Settlement,
  type SettlementData,
  type TaskRecord,
} from '@flotilla/db'
import {
  decideAfterFailure,
  decideVerdict,
  DEFAULT_MAX_RECOVERIES,
  DEFAULT_MAX_REVISIONS,
  isJudge,
  NO_SPEND,
  type Failure,
  type JsonObject,
  type Output,
  type Usage,
} from '@flotilla/domain'
import { costUsd, type ResolvedModel } from '@flotilla/llm'
import { abortOf } from './held-claims.ts'
import { judgeTask } from './judge-task.ts'
import { createOutageWatch, isOutage, type OutageWatch } from './outage-watch.ts'
import { NO_DOCUMENTS, type RunDeps } from './run-deps.ts'

/** How long a task rests whose attempt broke off because the record was away. */
const OUTAGE_REST_MS = 500

/**
 * Runs a claimed task to what is to be settled: an attempt of its agent, or a judge's look at an output. A bug or a broken
 * port becomes a failed attempt that may be tried again: whoever waits for a settlement always gets one. With the record
 * away for a moment the task is handed back instead, and its next attempt goes on from the last recorded turn: an outage
 * is nothing that a task has only so many tries for.
 */
export async function runTask(deps: RunDeps, task: ClaimedTask, stop: StopSignals): Promise<Settlement> {
  try {
    const record = await readTaskRecord(deps.db, task)
    if (record === null) return settlement(task, 'release', { kind: task.kind })
    return task.judge ? await judgeTask(deps, task, record, stop) : await runAttempt(deps, task, record, stop)
  } catch (error) {
    const where = { runId: task.runId, task: task.idx, attempt: task.attempt }
    if (isOutage(error)) {
      deps.log.warn({ err: error, ...where }, 'attempt broken off: the record is away')
      return handBack(task)
    }
    deps.log.error({ err: error, ...where }, 'attempt broke')
    const message = error instanceof Error ? error.message : String(error)
    return afterFailure(deps, task, 3, { code: 'internal', message }, {})
  }
}

const handBack = (task: ClaimedTask, spent: Spent = {}): Settlement =>
  settlement(task, 'release', attemptData(task, spent), OUTAGE_REST_MS)

const settlement = (task: ClaimedTask, verb: Settlement['verb'], data: SettlementData, delayMs = 0): Settlement => ({
  runId: task.runId,
  idx: task.idx,
  fence: task.fence,
  judged: task.judge,
  verb,
  delayMs,
  data,
})

async function runAttempt(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  stop: StopSignals,
): Promise<Settlement> {
  const resolved = deps.models.resolve(record.model ?? undefined)
  if (!resolved.ok)
    return afterFailure(deps, task, record.spec.maxAttempts, { code: 'configuration', message: resolved.message }, {})
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(abortOf('timeout')), record.spec.timeoutSeconds * 1_000)
  try {
    const outage = createOutageWatch()
    const documents = documentsOf(deps, record)
    const outcome = await executeAttempt(executorDeps(deps, task, record, resolved.value, documents, limit, outage), {
      brief: briefOf(task, record, resolved.value.ref),
      history: (await readHistory(deps.db, task, task.attempt, task.kind)) as unknown as PastTurn[],
      signal: AbortSignal.any([stop.signal, limit.signal]),
      yielding: stop.yielding,
    })
    if (outage.seen && outcome.kind === 'failed')
      return handBack(task, { usage: outcome.usage, unrecorded: outcome.unrecorded })
    return await settlementOf(deps, task, record, outcome, resolved.value.ref)
  } finally {
    clearTimeout(timer)
  }
}

function documentsOf(deps: RunDeps, record: TaskRecord): typeof NO_DOCUMENTS {
  if (record.collectionId === null) return NO_DOCUMENTS
  return {
    search: deps.knowledge.search(record.workspaceId, record.collectionId),
    read: deps.knowledge.read(record.workspaceId, record.collectionId),
  }
}

function executorDeps(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  model: ResolvedModel,
  documents: typeof NO_DOCUMENTS,
  limit: AbortController,
  outage: OutageWatch,
): Parameters<typeof executeAttempt>[0] {
  const { price } = deps.prices.priceOf(model.ref)
  const save: SaveArtifact = async ({ name, mediaType, content }) => {
    const saved = await saveArtifact(deps.db, task, { name, mediaType, content, attempt: task.attempt })
    if (saved.kind === 'taken')
      return { ok: false, message: `"${name}" belongs to task "${saved.taskKey}"; choose another name` }
    return saved.kind === 'saved' ? { ok: true } : { ok: false, message: 'this attempt no longer holds the task' }
  }
  return {
    provider: model.provider,
    model: model.model,
    modelRef: model.ref,
    costOf: (usage) => costUsd(price, usage),
    tools: builtinTools({
      searchKnowledge: outage.over(documents.search),
      readDocument: outage.over(documents.read),
      saveArtifact: outage.over(save),
      documentNames: record.documents.map((d) => d.name),
    }),
    searchKnowledge: documents.search,
    readDocument: documents.read,
    spending: async () => {
      const spent = await readSpending(deps.db, task)
      if (spent === null) limit.abort(abortOf('lease_lost'))
      return spent ?? { run: NO_SPEND, task: NO_SPEND }
    },
    recordTurn: (turn) => recordTurn(deps.pool, task, { ...turn, event: turnEvent(turn) }),
    startToolCall: outage.over((call) => startToolCall(deps.pool, task, call)),
    finishToolCall: outage.over(({ tool, effectId, ...call }) =>
      finishToolCall(deps.pool, task, {
        ...call,
        event: { attempt: task.attempt, turn: call.turn, tool, effectId, status: call.status },
      }),
    ),
    onText: (delta) => deps.hints.publish({ stream: { runId: task.runId, idx: task.idx, delta } }),
    now: deps.now,
    countTokens: deps.countTokens,
    contextTokens: deps.contextTokens,
  }
}

function briefOf(task: ClaimedTask, record: TaskRecord, model: string): TaskBrief {
  const { spec, agent } = record
  const tools = spec.tools ?? agent?.tools ?? []
  return {
    runId: record.runUid,
    goal: record.goal,
    inputs: record.inputs,
    task: {
      key: record.key,
      role: spec.role,
      title: record.title,
      instructions: spec.instructions,
      type: record.type,
      verify: spec.verify,
      tools,
      timeoutSeconds: spec.timeoutSeconds,
      budget: spec.budget ?? {},
    },
    agent: {
      id: agent?.id ?? '',
      name: agent?.name ?? spec.role,
      description: agent?.description ?? '',
      systemPrompt: agent?.system_prompt ?? '',
      model,
      maxTurns: agent?.max_turns ?? 12,
      maxOutputTokens: agent?.max_output_tokens ?? 4_096,
    },
    dependencies: record.dependencies,
    documents: record.documents,
    attempt: { number: task.attempt, kind: task.kind, revisions: task.revisions },
    revision: record.revision && { verdict: record.revision.verdict, output: record.revision.output },
    runBudget: record.runBudget,
  }
}

const turnEvent = (turn: Turn): JsonObject => ({
  turn: turn.turn,
  model: turn.model,
  stopReason: turn.stopReason,
  usage: { ...turn.usage },
})

type Spent = Readonly<{ usage?: Usage; unrecorded?: Usage; lastTurn?: Turn | undefined }>

/** What every settlement of an attempt carries: its kind, what it used, and the turn that no transaction holds yet. */
function attemptData(task: ClaimedTask, spent: Spent): SettlementData {
  return {
    kind: task.kind,
    ...(spent.usage ? { usage: spent.usage } : {}),
    ...(spent.unrecorded ? { spent: spent.unrecorded } : {}),
    ...(spent.lastTurn ? { turn: spent.lastTurn, turnEvent: turnEvent(spent.lastTurn) } : {}),
  }
}

async function settlementOf(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  outcome: AttemptOutcome,
  model: string,
): Promise<Settlement> {
  switch (outcome.kind) {
    case 'lost':
      // Refused by its fence: the task is somebody else's by now.
      return settlement(task, 'release', { kind: task.kind })
    case 'released':
      return settlement(task, 'release', attemptData(task, outcome))
    case 'failed':
      if (outcome.failure.code === 'budget_exceeded') await recordBudgetExceeded(deps.db, task, outcome.failure.message)
      return afterFailure(deps, task, record.spec.maxAttempts, outcome.failure, outcome)
    case 'output':
      return afterOutput(deps, task, record, outcome, model)
  }
}

function afterFailure(
  deps: RunDeps,
  task: ClaimedTask,
  maxAttempts: number,
  failure: Failure,
  spent: Spent,
): Settlement {
  const decision = decideAfterFailure({
    failure,
    counts: task,
    caps: { maxAttempts, maxRecoveries: DEFAULT_MAX_RECOVERIES, maxRevisions: DEFAULT_MAX_REVISIONS },
    random: deps.random(),
    baseMs: deps.retryBaseMs,
  })
  const error: JsonObject = { code: failure.code, message: failure.message }
  const data = { ...attemptData(task, spent), error: failure }
  if (decision.kind === 'retry')
    return settlement(task, 'retry', { ...data, event: { error, delayMs: decision.delayMs } }, decision.delayMs)
  return settlement(task, 'fail', { ...data, event: { error } })
}

/** Rules first, at once and for free; then a judge, where the task asks for one. */
async function afterOutput(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  outcome: Extract<AttemptOutcome, { kind: 'output' }>,
  model: string,
): Promise<Settlement> {
  const { output } = outcome
  const findings = await runRules({
    criteria: record.spec.verify,
    output,
    artifacts:
      output.artifacts.length > 0 || record.spec.verify.length > 0 ? await readTaskArtifacts(deps.db, task, 0) : [],
    readDocument: documentsOf(deps, record).read,
  })
  const data: SettlementData = { ...attemptData(task, outcome), output }
  const verdict = decideVerdict(findings, task.revisions, DEFAULT_MAX_REVISIONS)
  const event = completedEvent(outcome.usage, verdict.score, model, output)
  if (verdict.decision === 'accepted') {
    if (record.spec.verify.some(isJudge)) return settlement(task, 'verify', { ...data, findings, event })
    return settlement(
      task,
      'complete',
      record.spec.verify.length > 0 ? { ...data, verdict, event } : { ...data, event },
    )
  }
  return refusal(task, { ...data, verdict }, verdict)
}

const completedEvent = (usage: Usage, score: number, model: string, output: Output): JsonObject => ({
  model,
  score,
  simulated: output.simulated,
  usage: { ...usage },
})

/** A verdict that does not accept: another try at it with what failed, or, when revisions are used up, the task's failure. */
export function refusal(
  task: ClaimedTask,
  data: SettlementData,
  verdict: NonNullable<SettlementData['verdict']>,
): Settlement {
  const failed = verdict.findings.filter((finding) => !finding.passed)
  const criteria = failed.map(({ criterion, rationale, score }) => ({ criterion, rationale, score }))
  if (verdict.decision === 'revise')
    return settlement(task, 'revise', { ...data, event: { score: verdict.score, failed: criteria } })
  const error: Failure = {
    code: 'verification_failed',
    message: `not accepted after ${task.revisions} ${task.revisions === 1 ? 'revision' : 'revisions'}: ${failed.map((f) => `${f.criterion} (${f.rationale})`).join('; ')}`,
  }
  return settlement(task, 'fail', {
    ...data,
    attemptStatus: 'failed',
    error,
    event: { error: { ...error }, score: verdict.score, failed: criteria },
  })
}
