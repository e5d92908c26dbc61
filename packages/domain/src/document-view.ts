import * as v from 'valibot'
import type { RunStatus } from './run.ts'

/** A document of a run, without its content. `mediaType` null: text, whose `lines` are counted; `pages` of a PDF, if known. */
export const DocumentViewSchema = v.pipe(
  v.object({
    name: v.string(),
    mediaType: v.nullable(v.string()),
    sizeBytes: v.number(),
    lines: v.nullable(v.number()),
    pages: v.nullable(v.number()),
    sha256: v.string(),
    /** Searchable, or an image or a PDF, which are shown as they are. A run's tasks begin once all are. */
    prepared: v.boolean(),
  }),
  v.metadata({ ref: 'RunDocument' }),
)
export type DocumentView = Readonly<v.InferOutput<typeof DocumentViewSchema>>

export type Prepared = Readonly<{ prepared: number; total: number }>

export const countPrepared = (documents: readonly Pick<DocumentView, 'prepared'>[]): Prepared => ({
  prepared: documents.filter(({ prepared }) => prepared).length,
  total: documents.length,
})

/** While a planner is at work its documents are prepared beside it, and the tasks wait for them. Null documents: not read so far. */
export const mayPrepare = (status: RunStatus, tasks: number, documents: Prepared | null): boolean =>
  tasks === 0 &&
  (status === 'created' || status === 'planning' || status === 'executing') &&
  (documents === null || documents.prepared < documents.total)

/** `preparing documents: 7 of 20`; null where nothing waits for them. */
export const preparingText = (status: RunStatus, tasks: number, documents: Prepared | null): string | null =>
  documents !== null && status !== 'created' && mayPrepare(status, tasks, documents)
    ? `preparing documents: ${documents.prepared} of ${documents.total}`
    : null
