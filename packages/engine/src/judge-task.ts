import { judge, resolveCitations, type JudgeOutcome, type CallRefusal, type StopSignals } from '@flotilla/agents'
import {
  accountsOf,
  readTaskArtifacts,
  recordDegraded,
  recordFindings,
  type ClaimedTask,
  type Settlement,
  type SettlementData,
  type TaskRecord,
} from '@flotilla/db'
import {
  addUsage,
  decideVerdict,
  DEFAULT_MAX_REVISIONS,
  describeCrossing,
  isJudge,
  isRetryable,
  NO_USAGE,
  retryDelayMs,
  type BudgetAccount,
  type Failure,
  type Finding,
  type Judge,
  type Sample,
  type Usage,
} from '@flotilla/domain'
import { afterRefusal, afterRefusedKey } from './after-refusal.ts'
import { waitOf } from './attempt-deps.ts'
import type { CallBook } from './money/call-book.ts'
import type { CallChain } from './money/call-walk.ts'
import { createModelCaller } from './money/model-caller.ts'
import { resolveModels } from './money/resolve-models.ts'
import { NO_DOCUMENTS, type RunDeps } from './run-deps.ts'
import { answeredEvent } from './settle-outcome.ts'
import { taskFields } from './task-fields.ts'
import { refusal } from './task-settlement.ts'
import { placeOf } from './trace.ts'

/** Characters of each deliverable that a judge is shown. */
const ARTIFACT_CHARS = 20_000
/** Judging is tried this often for each output before its failure is the task's. */
const MAX_JUDGE_TRIES = 3

type Candidate = NonNullable<TaskRecord['candidate']>
/** `findings` are those of rules and of all judges so far. `yielded`: stopped between two criteria; they are not all. */
type Judged = Readonly<{
  findings: readonly Finding[]
  usage: Usage
  failure: Failure | null
  refusal: CallRefusal | null
  /** Who answered last, which need not be who was asked. */
  model: string | null
  yielded: boolean
}>

/**
 * A judge's look at an output whose rules have passed: one model call for each judged criterion that no judge before has come
 * to.
 */
export async function judgeTask(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  stop: StopSignals,
  book: CallBook,
): Promise<Settlement> {
  const { candidate } = record
  if (candidate === null)
    return settle(task, 'fail', {
      kind: task.kind,
      ...failed({ code: 'internal', message: 'there is no output to judge' }),
    })
  const resolved = resolveModels(deps, deps.models.utilityModel)
  if (!resolved.ok)
    return settle(task, 'fail', { kind: task.kind, ...failed({ code: 'configuration', message: resolved.message }) })
  const judged = await judgeAll(deps, task, record, candidate, resolved.value, stop, book)
  const base: SettlementData = { kind: task.kind, spent: judged.usage }
  if (stop.signal.aborted || judged.yielded) return settle(task, 'release', base)
  if (judged.refusal !== null) return afterRefusal(deps, task, record, judged.refusal, base)
  if (judged.failure?.code === 'model_auth') return afterRefusedKey(deps, task, base, judged.failure)
  if (judged.failure !== null) return afterJudgeFailure(deps, task, base, judged.failure, candidate.failures + 1)
  const verdict = decideVerdict(judged.findings, task.revisions, DEFAULT_MAX_REVISIONS)
  const model = judged.model ?? resolved.value.links[0].ref
  const data: SettlementData = { ...base, verdict, judgeModel: model }
  if (verdict.decision !== 'accepted') return refusal(task, data, verdict)
  return settle(task, 'complete', {
    ...data,
    event: {
      ...answeredEvent(candidate.answeredBy),
      score: verdict.score,
      judgeModel: model,
      simulated: candidate.output.simulated,
    },
  })
}

const failed = (error: Failure): Required<Pick<SettlementData, 'error' | 'event'>> => ({
  error,
  event: { error: { ...error } },
})

const settle = (task: ClaimedTask, verb: Settlement['verb'], data: SettlementData, delayMs = 0): Settlement => ({
  runId: task.runId,
  idx: task.idx,
  fence: task.fence,
  judged: true,
  verb,
  delayMs,
  data,
})

/** `tries` of judging this output, with the one that failed. */
function afterJudgeFailure(
  deps: RunDeps,
  task: ClaimedTask,
  base: SettlementData,
  failure: Failure,
  tries: number,
): Settlement {
  if (isRetryable(failure.code) && tries < MAX_JUDGE_TRIES) {
    const delayMs = retryDelayMs(tries, deps.random(), failure.retryAfterMs ?? 0, deps.retryBaseMs)
    return settle(task, 'retry', base, delayMs)
  }
  const { error, event } = failed({ ...failure, message: `the judge failed: ${failure.message}` })
  if (!isRetryable(failure.code)) return settle(task, 'fail', { ...base, error, event })
  const deadLetter = 'tries_used_up'
  return settle(task, 'fail', { ...base, error, deadLetter, event: { ...event, deadLetter } })
}

async function judgeAll(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  { output, findings: kept }: Candidate,
  chain: CallChain,
  { signal, yielding }: StopSignals,
  book: CallBook,
): Promise<Judged> {
  const read =
    record.collectionId === null ? NO_DOCUMENTS.read : deps.knowledge.read(record.workspaceId, record.collectionId)
  const artifacts = await readTaskArtifacts(deps.db, task, ARTIFACT_CHARS)
  const { unresolved } = await resolveCitations(output.text, read)
  const findings: Finding[] = []
  let usage = NO_USAGE
  let model: string | null = null
  const judged = (more: Partial<Judged>): Judged => ({
    findings: soFar(),
    usage,
    failure: null,
    refusal: null,
    model,
    yielded: false,
    ...more,
  })
  const { done, begun } = judgedBefore(kept ?? [], record.spec.verify)
  const soFar = (): Finding[] => [...done, ...findings]
  const asked = judgeDeps(deps, task, record, chain, book, soFar)
  const judges = record.spec.verify.filter((c): c is Judge => isJudge(c))
  const criteria = judges.slice(done.filter(({ by }) => by === 'judge').length)
  for (const [n, criterion] of criteria.entries()) {
    if (yielding.aborted) return judged({ yielded: true })
    const answer = await judge(asked, {
      criterion,
      ...(n === 0 && begun !== null && { taken: begun }),
      goal: record.goal,
      task: { key: record.key, title: record.title, instructions: record.spec.instructions },
      output,
      artifacts,
      unresolved: unresolved.map(({ marker }) => marker),
      shown: record.documents.filter(({ mediaType }) => mediaType !== null),
      signal,
    })
    usage = addUsage(usage, answer.usage)
    model = answer.turns.at(-1)?.model ?? model
    if (!answer.ok) return judged({ failure: answer.failure, refusal: answer.refusal })
    findings.push(answer.finding)
    await tellSaved(deps, task, criterion, answer)
    if (findings.length < criteria.length) await recordFindings(deps.db, task, soFar())
  }
  return judged({})
}

/** The model that judges: no call of it begins once the run is paused, its budget used up, or the claim somebody else's. */
function judgeDeps(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  chain: CallChain,
  book: CallBook,
  soFar: () => Finding[],
): Parameters<typeof judge>[0] {
  let accounts: readonly BudgetAccount[] = accountsOf(record)
  return {
    call: createModelCaller(deps, {
      ...chain,
      purse: book,
      purpose: 'judge',
      traced: placeOf(task, record),
      workspaceId: record.workspaceId,
      policy: record.onExceeded,
      accounts,
      onAccounts: (now) => (accounts = now),
      ...waitOf(record),
      stopped: () => null,
      onRefused: () => {},
      onHop: (hop) => {
        book.noteHop(hop)
        deps.log.info({ ...hop, ...taskFields(task, record) }, 'a judge did not answer')
      },
    }),
    modelRef: chain.links[0].ref,
    simulated: chain.links[0].provider.simulated,
    now: () => deps.now().getTime(),
    countTokens: deps.countTokens,
    tokenBudget: deps.contextTokens,
    budget: () => ({ policy: record.onExceeded, accounts }),
    onSample: (sample) => recordFindings(deps.db, task, [...soFar(), sample]),
  }
}

/** What earlier judges found, and the samples that the last of them had taken of a criterion. */
function judgedBefore(
  kept: readonly Finding[],
  verify: TaskRecord['spec']['verify'],
): { done: readonly Finding[]; begun: readonly Sample[] | null } {
  const last = kept.at(-1)
  const judges = verify.filter((criterion): criterion is Judge => isJudge(criterion))
  const wanted = judges[kept.filter(({ by }) => by === 'judge').length - 1]?.samples ?? 1
  if (last?.by !== 'judge' || last.samples === undefined || last.samples.length >= wanted)
    return { done: kept, begun: null }
  return { done: kept.slice(0, -1), begun: last.samples }
}

/** That fewer samples were taken than the criterion asks for, and why. */
async function tellSaved(
  deps: RunDeps,
  task: ClaimedTask,
  { judge: criterion, samples: from = 1 }: Judge,
  { finding, saved }: Extract<JudgeOutcome, { ok: true }>,
): Promise<void> {
  if (saved === null) return
  const changed = [{ what: 'judge_samples', criterion, from, to: finding.samples?.length ?? 1 }]
  await recordDegraded(deps.db, task, { reason: describeCrossing(saved), changed, budget: { ...saved } })
}
