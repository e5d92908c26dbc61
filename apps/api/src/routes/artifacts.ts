import { listArtifacts, readArtifact } from '@flotilla/db'
import { PAGE_DEFAULT, accepted, isText, rejected } from '@flotilla/domain'
import { Hono } from 'hono'
import * as v from 'valibot'
import { attachmentHeader, servedMediaType } from '../attachment.ts'
import type { ApiDeps, AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { LimitSchema, cursorOf, cursorSchema, plainText, query } from '../query.ts'
import { inRun } from '../run-scope.ts'
import { ArtifactPageSchema } from '../schemas.ts'

const LIST = operation({
  id: 'listArtifacts',
  tag: 'artifacts',
  summary: "List a run's deliverables by name",
  answers: { 200: { description: 'A page', json: ArtifactPageSchema } },
  refusals: ['not_found', 'invalid_input'],
})
const CONTENT = operation({
  id: 'getArtifact',
  tag: 'artifacts',
  summary: 'A deliverable, as its bytes',
  answers: { 200: { description: 'The content, of its own media type', media: ['application/octet-stream'] } },
  refusals: ['not_found'],
})

const ListQuerySchema = v.strictObject({
  limit: LimitSchema,
  cursor: v.optional(cursorSchema(plainText('expected a name'))),
})

export const artifactRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/:id/artifacts', LIST, query(ListQuerySchema), async (c) => {
      const { limit = PAGE_DEFAULT, cursor = null } = c.req.valid('query')
      const page = await inRun(deps, c, async (tx, run) =>
        accepted(await listArtifacts(tx, { runId: run.id, after: cursor, limit })),
      )
      if (!page.ok) return refuse(c, page)
      const { items, next } = page.value
      return c.json({ items, nextCursor: next === null ? null : cursorOf(next) }, 200)
    })
    // A name may hold slashes, encoded or not.
    .get('/:id/artifacts/:name{.+}', CONTENT, async (c) => {
      const name = c.req.param('name')
      const found = await inRun(deps, c, async (tx, run) => {
        const artifact = isText(name) ? await readArtifact(tx, run.id, name) : null
        return artifact === null
          ? rejected('not_found', `run "${run.uid}" has no artifact "${name}"`)
          : accepted(artifact)
      })
      if (!found.ok) return refuse(c, found)
      const { content, mediaType, sha256 } = found.value
      return c.body(new Uint8Array(content), 200, {
        'content-type': servedMediaType(mediaType),
        'content-disposition': attachmentHeader(name),
        etag: `"${sha256}"`,
      })
    })
