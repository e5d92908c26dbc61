import { inWorkspace, listApprovals, readApproval } from '@flotilla/db'
import {
  APPROVAL_ID,
  APPROVAL_STATUSES,
  ApprovalDecisionSchema,
  ApprovalSchema,
  PAGE_DEFAULT,
  RUN_ID,
} from '@flotilla/domain'
import { approvalNotFound, decideApproval } from '@flotilla/engine'
import { Hono } from 'hono'
import * as v from 'valibot'
import { jsonBody } from '../body.ts'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { BODY_REFUSALS, operation } from '../openapi.ts'
import { LimitSchema, NumberCursorSchema, cursorOf, query } from '../query.ts'
import { ApprovalPageSchema } from '../schemas.ts'

const LIST = operation({
  id: 'listApprovals',
  tag: 'approvals',
  summary: 'List what waits, or has waited, for a person, oldest first',
  description: 'status: pending, decided, expired or withdrawn. run: of this run alone.',
  answers: { 200: { description: 'A page', json: ApprovalPageSchema } },
  refusals: ['invalid_input'],
})
const SHOW = operation({
  id: 'getApproval',
  tag: 'approvals',
  summary: 'Show an approval',
  answers: { 200: { description: 'The approval', json: ApprovalSchema } },
  refusals: ['not_found'],
})
const DECIDE = operation({
  id: 'decideApproval',
  tag: 'approvals',
  summary: 'Decide what became of a tool call',
  description:
    'happened: the call took effect; result is what it answered. repeat: it is made once more, under the same effect id. ' +
    'skip: it counts as failed, and the agent goes on. Repeating the same decision is no error; another one is a conflict.',
  answers: { 200: { description: 'The approval as it is now', json: ApprovalSchema } },
  refusals: [...BODY_REFUSALS, 'not_found', 'conflict'],
})

const ListQuerySchema = v.strictObject({
  status: v.optional(v.picklist(APPROVAL_STATUSES, `expected one of ${APPROVAL_STATUSES.join(', ')}`)),
  run: v.optional(v.pipe(v.string('expected the id of a run'), v.regex(RUN_ID, 'expected the id of a run'))),
  limit: LimitSchema,
  cursor: v.optional(NumberCursorSchema),
})

/** What waits for a person: tool calls of unknown outcome. */
export const approvalRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/', LIST, query(ListQuerySchema), async (c) => {
      const { status = null, run = null, limit = PAGE_DEFAULT, cursor = 0 } = c.req.valid('query')
      const filter = { workspaceId: workspaceOf(c), status, run, after: cursor, limit }
      const { items, next } = await inWorkspace(deps.db, filter.workspaceId, (tx) => listApprovals(tx, filter))
      return c.json({ items, nextCursor: next === null ? null : cursorOf(next) }, 200)
    })
    .get('/:id', SHOW, async (c) => {
      const id = c.req.param('id')
      const approval = APPROVAL_ID.test(id)
        ? await inWorkspace(deps.db, workspaceOf(c), (tx) => readApproval(tx, id))
        : null
      return approval === null ? refuse(c, approvalNotFound(id)) : c.json(approval, 200)
    })
    .post('/:id/decision', DECIDE, jsonBody(ApprovalDecisionSchema), async (c) => {
      const decided = await decideApproval(deps, {
        workspaceId: workspaceOf(c),
        approvalId: c.req.param('id'),
        decision: c.req.valid('json'),
      })
      return decided.ok ? c.json(decided.value, 200) : refuse(c, decided)
    })
