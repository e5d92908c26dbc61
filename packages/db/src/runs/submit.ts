import type { CreateRun, JsonObject } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, type Db } from '../connect.ts'
import type { IdempotencyKey } from '../idempotency/once.ts'
import { createdData } from './create.ts'

/** A run without documents, to be written together with others. */
export type Submission = Readonly<{
  workspaceId: number
  uid: string
  body: CreateRun
  key: IdempotencyKey | null
}>

/** What became of it: a run was written, or stands there already; or its key has been used. */
export type Submitted = Readonly<{ id: number; createdAt: Date }> | Readonly<{ bodyHash: string; response: JsonObject }>

type Answer = Readonly<{ n: number }> &
  (Readonly<{ id: number; createdAt: string }> | Readonly<{ bodyHash: string; response: JsonObject }>)

/** Writes runs of any workspaces, those of one workspace in one commit; answers in their order. Harmless when repeated. */
export async function submitRuns(db: Db, submissions: readonly Submission[]): Promise<Submitted[]> {
  const numbered = submissions.map((submission, n) => ({ submission, n }))
  const groups = [...Map.groupBy(numbered, ({ submission }) => submission.workspaceId)]
  const answers = await Promise.all(
    groups.map(async ([workspaceId, group]) => {
      const { rows } = await sql<{ answers: Answer[] }>`
        select flotilla.submit_runs(${workspaceId}, ${json(group.map(rowOf))}::jsonb) as answers`.execute(db)
      return rows[0]?.answers ?? []
    }),
  )
  return answers
    .flat()
    .toSorted((a, b) => a.n - b.n)
    .map((answer) => ('id' in answer ? { id: answer.id, createdAt: new Date(answer.createdAt) } : answer))
}

function rowOf({ submission: { uid, body, key }, n }: Readonly<{ submission: Submission; n: number }>): JsonObject {
  return {
    n,
    uid,
    start: body.start,
    priority: body.priority,
    version: body.plan === null ? 0 : 1,
    goal: body.goal,
    inputs: body.inputs,
    mode: body.mode,
    labels: body.labels,
    budget: (body.budget ?? { onExceeded: 'degrade' }) as JsonObject,
    tasks: (body.plan?.tasks ?? null) as unknown as JsonObject[],
    result: body.plan?.result ?? null,
    told: createdData({ body, documents: [] }),
    ...(key && { operation: key.operation, key: key.key, bodyHash: key.bodyHash }),
  }
}
