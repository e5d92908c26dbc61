import { listRunDocuments, readRunDocument } from '@flotilla/db'
import { PAGE_DEFAULT, accepted, isText, rejected } from '@flotilla/domain'
import { Hono } from 'hono'
import * as v from 'valibot'
import { attachmentHeader } from '../attachment.ts'
import type { ApiDeps, AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { LimitSchema, NumberCursorSchema, cursorOf, query } from '../query.ts'
import { inRun } from '../run-scope.ts'
import { DocumentPageSchema } from '../schemas.ts'

const LIST = operation({
  id: 'listDocuments',
  tag: 'documents',
  summary: "List a run's documents in the order they were given in",
  description: 'prepared: a text can be searched; the tasks of a run begin once all of them can.',
  answers: { 200: { description: 'A page', json: DocumentPageSchema } },
  refusals: ['not_found', 'invalid_input'],
})
const CONTENT = operation({
  id: 'getDocument',
  tag: 'documents',
  summary: 'A document, as it was given',
  description:
    'Text whatever it is called, or the bytes of an image or a PDF. Citations name its lines, which end with "\\n".',
  answers: { 200: { description: 'The content', media: ['text/plain', 'application/octet-stream'] } },
  refusals: ['not_found'],
})

const ListQuerySchema = v.strictObject({ limit: LimitSchema, cursor: v.optional(NumberCursorSchema) })

/** What a run was given to read. */
export const documentRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/:id/documents', LIST, query(ListQuerySchema), async (c) => {
      const { limit = PAGE_DEFAULT, cursor = null } = c.req.valid('query')
      const page = await inRun(deps, c, async (tx, run) =>
        accepted(await listRunDocuments(tx, { runId: run.id, after: cursor, limit })),
      )
      if (!page.ok) return refuse(c, page)
      const { items, next } = page.value
      return c.json({ items, nextCursor: next === null ? null : cursorOf(next) }, 200)
    })
    // A name may hold slashes, encoded or not.
    .get('/:id/documents/:name{.+}', CONTENT, async (c) => {
      const name = c.req.param('name')
      const found = await inRun(deps, c, async (tx, run) => {
        const document = isText(name) ? await readRunDocument(tx, run.id, name) : null
        return document === null
          ? rejected('not_found', `run "${run.uid}" has no document "${name}"`)
          : accepted(document)
      })
      if (!found.ok) return refuse(c, found)
      const { mediaType, sha256, content } = found.value
      return c.body(typeof content === 'string' ? content : new Uint8Array(content), 200, {
        // A text is never anything else, be it called page.html.
        'content-type': mediaType ?? 'text/plain; charset=utf-8',
        'content-disposition': attachmentHeader(name),
        etag: `"${sha256}"`,
      })
    })
