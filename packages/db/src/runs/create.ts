import type { CreateRun, JsonObject } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, type Tx } from '../connect.ts'
import { appendEvent } from '../events/append.ts'

/** A document as it is kept; `lines` counts a last line without a line break too. `content` of an image or a PDF is empty. */
export type StoredDocument = Readonly<{
  name: string
  content: string
  sizeBytes: number
  lines: number
  sha256: string
  media: Readonly<{ type: string; bytes: Buffer; pages: number | null }> | null
}>

export type NewRun = Readonly<{
  workspaceId: number
  uid: string
  body: CreateRun
  documents: readonly StoredDocument[]
}>

/** How long after its creation a run is looked after if its wake-up was lost. */
const REWAKE = sql<Date>`clock_timestamp() + interval '3 s'`

/** A run with its documents, its plan if it brings one, and `run.created`; the caller's transaction makes it one write. */
export async function insertRun(tx: Tx, run: NewRun): Promise<{ id: number; createdAt: Date; planVersion: number }> {
  const { body, workspaceId } = run
  const planVersion = body.plan === null ? 0 : 1
  const { id, created_at: createdAt } = await tx
    .insertInto('runs')
    .values({
      workspace_id: workspaceId,
      uid: run.uid,
      status: 'created',
      auto_start: body.start,
      priority: body.priority,
      plan_version: planVersion,
      due: REWAKE,
    })
    .returning(['id', 'created_at'])
    .executeTakeFirstOrThrow()
  const collectionId = await insertDocuments(tx, workspaceId, id, run.documents)
  await insertSpec(tx, run, id, collectionId)
  if (body.plan) await insertPlan(tx, { runId: id, workspaceId, version: planVersion, plan: body.plan })
  await appendEvent(tx, { runId: id, workspaceId, type: 'run.created', data: createdData(run) })
  return { id, createdAt, planVersion }
}

/** What `run.created` tells. */
export function createdData({ body, documents }: Pick<NewRun, 'body' | 'documents'>): JsonObject {
  return {
    mode: body.mode,
    priority: body.priority,
    start: body.start,
    documents: documents.length,
    plannedTasks: body.plan?.tasks.length ?? null,
  }
}

async function insertSpec(
  tx: Tx,
  { body, workspaceId }: NewRun,
  runId: number,
  collectionId: number | null,
): Promise<void> {
  await tx
    .insertInto('run_specs')
    .values({
      run_id: runId,
      workspace_id: workspaceId,
      goal: body.goal,
      inputs: json(body.inputs),
      mode: body.mode,
      labels: json(body.labels),
      budget: json(body.budget ?? { onExceeded: 'degrade' }),
      collection_id: collectionId,
    })
    .execute()
}

async function insertDocuments(
  tx: Tx,
  workspaceId: number,
  runId: number,
  documents: readonly StoredDocument[],
): Promise<number | null> {
  if (documents.length === 0) return null
  const { id } = await tx
    .insertInto('collections')
    .values({ workspace_id: workspaceId, run_id: runId })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('documents')
    .values(
      documents.map((document, n) => ({
        collection_id: id,
        n,
        workspace_id: workspaceId,
        name: document.name,
        content: document.content,
        size_bytes: document.sizeBytes,
        lines: document.lines,
        sha256: document.sha256,
        // There is nothing in it to search.
        indexed: document.media !== null,
        media_type: document.media?.type ?? null,
        media: document.media?.bytes ?? null,
        pages: document.media?.pages ?? null,
      })),
    )
    .execute()
  return id
}

/** One plan version, made by a user. */
export async function insertPlan(
  tx: Tx,
  input: Readonly<{ runId: number; workspaceId: number; version: number; plan: NonNullable<CreateRun['plan']> }>,
): Promise<void> {
  await tx
    .insertInto('plans')
    .values({
      run_id: input.runId,
      version: input.version,
      workspace_id: input.workspaceId,
      made_by: 'user',
      tasks: json(input.plan.tasks),
      result: input.plan.result ?? null,
    })
    .execute()
}
