import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../connect.ts'
import type { Claim } from './transitions.ts'

export type ArtifactInput = Readonly<{ name: string; mediaType: string; content: string; attempt: number }>
export type SavedArtifact =
  | Readonly<{ kind: 'saved' }>
  | Readonly<{ kind: 'taken'; taskKey: string }>
  | Readonly<{ kind: 'lost' }>

/** Saves or replaces a task's file, under its fence. A name belongs to the task that wrote it first. */
export async function saveArtifact(db: Db, claim: Claim, input: ArtifactInput): Promise<SavedArtifact> {
  const content = Buffer.from(input.content)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const { rows } = await sql<{ saved: boolean; owner: string | null }>`
    with held as (
      select workspace_id from flotilla.tasks
      where run_id = ${claim.runId} and idx = ${claim.idx} and fence = ${claim.fence} and status = 'in_progress' for share),
    saved as (
      insert into flotilla.artifacts as a (run_id, name, workspace_id, idx, attempt, media_type, size_bytes, sha256, content)
      select ${claim.runId}, ${input.name}, workspace_id, ${claim.idx}, ${input.attempt}, ${input.mediaType}, ${content.length}, ${sha256}, ${content}
      from held
      on conflict (run_id, name) do update set attempt = excluded.attempt, media_type = excluded.media_type, size_bytes = excluded.size_bytes,
        sha256 = excluded.sha256, content = excluded.content, created_at = clock_timestamp()
      where a.idx = excluded.idx returning 1)
    select exists (select from saved) as saved, (
      select s.key from flotilla.artifacts a join flotilla.task_specs s on s.run_id = a.run_id and s.idx = a.idx
      where a.run_id = ${claim.runId} and a.name = ${input.name} and a.idx <> ${claim.idx}) as owner
    from held`.execute(db)
  const row = rows[0]
  if (row === undefined) return { kind: 'lost' }
  return row.saved ? { kind: 'saved' } : { kind: 'taken', taskKey: row.owner ?? '?' }
}

export type TaskArtifact = Readonly<{ name: string; mediaType: string; sizeBytes: number; content: string }>

/** A task's files; `maxChars` cuts each content, 0 leaves it out. */
export async function readTaskArtifacts(
  db: Db,
  claim: Pick<Claim, 'runId' | 'idx'>,
  maxChars: number,
): Promise<TaskArtifact[]> {
  const rows = await db
    .selectFrom('artifacts')
    .select(['name', 'media_type', 'size_bytes', sql<Buffer>`substring(content for ${maxChars * 4})`.as('content')])
    .where('run_id', '=', claim.runId)
    .where('idx', '=', claim.idx)
    .orderBy('name')
    .execute()
  return rows.map((row) => ({
    name: row.name,
    mediaType: row.media_type,
    sizeBytes: row.size_bytes,
    content: row.content.toString('utf8').slice(0, maxChars),
  }))
}
