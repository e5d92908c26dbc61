import type { ArtifactView } from '@flotilla/domain'
import type { Db, Tx } from '../connect.ts'

export type ArtifactPage = Readonly<{ items: ArtifactView[]; next: string | null }>

/** A run's deliverables by name; `after` is a name. */
export async function listArtifacts(
  db: Db,
  input: Readonly<{ runId: number; after: string | null; limit: number }>,
): Promise<ArtifactPage> {
  let query = db
    .selectFrom('artifacts as a')
    .leftJoin('task_specs as s', (join) => join.onRef('s.run_id', '=', 'a.run_id').onRef('s.idx', '=', 'a.idx'))
    .select(['a.name', 'a.media_type', 'a.size_bytes', 'a.sha256', 'a.created_at', 's.key'])
    .where('a.run_id', '=', input.runId)
  if (input.after !== null) query = query.where('a.name', '>', input.after)
  const rows = await query
    .orderBy('a.name')
    .limit(input.limit + 1)
    .execute()
  const items = rows.slice(0, input.limit).map((row) => ({
    name: row.name,
    mediaType: row.media_type,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    taskKey: row.key,
    createdAt: row.created_at.toISOString(),
  }))
  return { items, next: rows.length > input.limit ? (items.at(-1)?.name ?? null) : null }
}

export type ArtifactContent = Readonly<{ name: string; mediaType: string; sha256: string; content: Buffer }>

/** One deliverable with its bytes; null when the run has none of this name. */
export async function readArtifact(tx: Tx, runId: number, name: string): Promise<ArtifactContent | null> {
  const row = await tx
    .selectFrom('artifacts')
    .select(['name', 'media_type as mediaType', 'sha256', 'content'])
    .where('run_id', '=', runId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row ?? null
}
