import { createHash } from 'node:crypto'
import {
  describeMismatch,
  inWorkspace,
  insertRun,
  once,
  submitRuns,
  type Db,
  type StoredDocument,
  type Submission,
  type Submitted,
} from '@flotilla/db'
import {
  accepted,
  isMediaDocument,
  rejected,
  sortableId,
  unsupportedInRun,
  type CreateRun,
  type Issue,
  type MediaDocument,
  type MediaType,
  type Rejection,
  type Result,
  type RunDocument,
} from '@flotilla/domain'
import { pdfPages } from '@flotilla/llm'
import { inBatches, type Clock } from '@flotilla/runtime'
import { checkPlan } from './check-plan.ts'
import { budgetIssues, type PricingDeps } from './money/check-smallest-call.ts'
import { wakePlanner, type RunAccepted, type Wake } from './run-control.ts'

export type SubmitRunDeps = Readonly<{
  db: Db
  clock: Clock
  random: (bytes: number) => Uint8Array
  wake: Pick<Wake, 'plan'>
  /** Names of tools beside the built-in ones. */
  tools?: readonly string[] | undefined
  /** Tells budgets that no call fits; without it they are found out by the first call. */
  models?: PricingDeps
  /** Writes runs that come at the same time together; without it each is written alone. */
  submissions?: Submissions
}>

export type Submissions = (submission: Submission) => Promise<Submitted>

/** More in one commit would keep the first of them waiting. */
const MOST = 64

/** Runs that are submitted while others are being written go together: a commit for all instead of one each. */
export const createSubmissions = (db: Db): Submissions =>
  inBatches((submissions: readonly Submission[]) => submitRuns(db, submissions), { most: MOST, flights: 2 })

export type SubmitRun = Readonly<{
  workspaceId: number
  body: CreateRun
  idempotencyKey?: string | undefined
  /** Of the request as it was sent: tells a repetition from another request. */
  bodyHash: string
}>

/**
 * Acknowledges a run once one transaction has written it: the run, its documents and plan, its first event and its
 * idempotency key. Errors: `unsupported`, `invalid_input`, `idempotency_mismatch`.
 */
export async function submitRun(deps: SubmitRunDeps, input: SubmitRun): Promise<Result<RunAccepted>> {
  const { body, workspaceId } = input
  const refused = await refuseRequest(body, deps.tools, deps.models)
  if (refused) return refused
  const uid = sortableId('run', deps.clock.now().getTime(), deps.random(16))
  const key =
    input.idempotencyKey === undefined
      ? null
      : { workspaceId, operation: 'POST /v1/runs', key: input.idempotencyKey, bodyHash: input.bodyHash }
  const write = body.documents.length === 0 ? writeTogether : writeWithDocuments
  const { result, created } = await write(deps, { workspaceId, uid, body, key })
  if (created !== null) await wakePlanner(deps.wake, created, body.priority)
  return result
}

/** `created`: the run's number, where this call has written it. */
type Written = Readonly<{ result: Result<RunAccepted>; created: number | null }>

async function writeTogether(deps: SubmitRunDeps, submission: Submission): Promise<Written> {
  const { submissions = async (one) => (await submitRuns(deps.db, [one]))[0] as Submitted } = deps
  const submitted = await submissions(submission)
  if ('id' in submitted)
    return {
      result: accepted(acceptedAs(submission, { ...submitted, planVersion: submission.body.plan === null ? 0 : 1 })),
      created: submitted.id,
    }
  const { key } = submission
  const same = key === null || submitted.bodyHash === key.bodyHash
  const result = same ? accepted(submitted.response as RunAccepted) : describeMismatch(key)
  return { result, created: null }
}

async function writeWithDocuments(deps: SubmitRunDeps, { workspaceId, uid, body, key }: Submission): Promise<Written> {
  const documents = body.documents.map(storedDocument)
  let created: number | null = null
  const result = await inWorkspace(deps.db, workspaceId, (tx) =>
    once(tx, key, async () => {
      const run = await insertRun(tx, { workspaceId, uid, body, documents })
      created = run.id
      return accepted<RunAccepted>(acceptedAs({ uid, body }, run))
    }),
  )
  return { result, created }
}

const acceptedAs = (
  { uid, body }: Pick<Submission, 'uid' | 'body'>,
  { createdAt, planVersion }: Readonly<{ createdAt: Date; planVersion: number }>,
): RunAccepted => ({
  id: uid,
  status: 'created',
  priority: body.priority,
  planVersion,
  createdAt: createdAt.toISOString(),
})

/** What a well-formed request can still have wrong. */
export async function refuseRequest(
  body: CreateRun,
  tools: readonly string[] = [],
  models?: PricingDeps,
): Promise<Rejection | null> {
  const unsupported = unsupportedInRun(body)
  if (unsupported.length > 0)
    return rejected('unsupported', 'the run asks for what this version does not do', unsupported)
  const inPlan = body.plan ? await checkPlan(body.plan, ['plan'], tools) : []
  const issues = [...inPlan, ...(models ? budgetIssues(models, body) : [])]
  return issues.length === 0 ? null : rejected('invalid_input', describeIssues(issues), issues)
}

/** In one sentence, for a detail: the first issue, and how many there are. */
export function describeIssues(issues: readonly Issue[]): string {
  const [first] = issues
  const told = first === undefined ? '' : `${first.path}${first.path === '' ? '' : ': '}${first.message}`
  return issues.length === 1 ? told : `${issues.length} errors; the first: ${told}`
}

function storedDocument(document: RunDocument): StoredDocument {
  if (isMediaDocument(document)) return storedMedia(document)
  const { name, content } = document
  let lines = content.endsWith('\n') ? 0 : 1
  for (let at = content.indexOf('\n'); at >= 0; at = content.indexOf('\n', at + 1)) lines += 1
  return { name, content, sizeBytes: Buffer.byteLength(content), lines, sha256: digestOf(content), media: null }
}

function storedMedia({ name, mediaType, data }: MediaDocument): StoredDocument {
  const bytes = Buffer.from(data, 'base64')
  const media = { type: mediaType, bytes, pages: pagesOf(mediaType, bytes) }
  return { name, content: '', sizeBytes: bytes.length, lines: 0, sha256: digestOf(bytes), media }
}

/** Counted once, when it comes: each estimate and each reservation of the run asks for it. */
export const pagesOf = (mediaType: MediaType, bytes: Buffer): number | null =>
  mediaType === 'application/pdf' ? pdfPages(bytes) : null

const digestOf = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')
