import { inWorkspace, listDeadLetters, readDeadLetter } from '@flotilla/db'
import { DeadLetterSchema, PAGE_DEFAULT, RUN_ID, readDeadLetterId } from '@flotilla/domain'
import { deadLetterNotFound, redriveDeadLetter } from '@flotilla/engine'
import { Hono } from 'hono'
import * as v from 'valibot'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { LimitSchema, NumberCursorSchema, cursorOf, one, query } from '../query.ts'
import { DeadLetterPageSchema, RunAcceptedSchema } from '../schemas.ts'

const LIST = operation({
  id: 'listDeadLetters',
  tag: 'dead letters',
  summary: 'List tasks that are not tried again, newest first',
  description:
    'A task comes here when it was lost with its worker once more than its recoveries allow (worker_lost), or when what may pass did not in any of its tries (tries_used_up). run: only those of this run. redriven: only those that were, or were not.',
  answers: { 200: { description: 'A page', json: DeadLetterPageSchema } },
  refusals: ['invalid_input'],
})
const SHOW = operation({
  id: 'getDeadLetter',
  tag: 'dead letters',
  summary: 'Show a dead letter with its evidence: what was tried, on which workers, and the last turn',
  answers: { 200: { description: 'The letter', json: DeadLetterSchema } },
  refusals: ['not_found'],
})
const REDRIVE = operation({
  id: 'redriveDeadLetter',
  tag: 'dead letters',
  summary: 'Do the dead task over in a new run that takes the results of the old one over',
  description:
    'What was completed comes over with its results and costs nothing again; all else is done over with fresh attempts. Repeating it, or redriving another letter of the same run, answers the same new run until that is deleted. 409 while the run has not ended.',
  answers: {
    202: {
      description: 'The new run is recorded, or was already',
      json: RunAcceptedSchema,
      headers: { Location: 'Where the new run is read' },
    },
  },
  refusals: ['not_found', 'conflict'],
})

const ListQuerySchema = v.strictObject({
  run: v.optional(v.pipe(one, v.regex(RUN_ID, "expected a run's id, run_…"))),
  redriven: v.optional(
    v.pipe(
      v.picklist(['true', 'false'], 'expected true or false'),
      v.transform((text) => text === 'true'),
      v.metadata({ type: 'boolean' }),
    ),
  ),
  limit: LimitSchema,
  cursor: v.optional(NumberCursorSchema),
})

/** Tasks that are not tried again, for a person to look at and to redrive. */
export const deadLetterRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/', LIST, query(ListQuerySchema), async (c) => {
      const { run = null, redriven = null, limit = PAGE_DEFAULT, cursor = null } = c.req.valid('query')
      const filter = { runId: run, redriven, before: cursor, limit }
      const { items, next } = await inWorkspace(deps.db, workspaceOf(c), (tx) => listDeadLetters(tx, filter))
      return c.json({ items, nextCursor: next === null ? null : cursorOf(next) }, 200)
    })
    .get('/:id', SHOW, async (c) => {
      const id = c.req.param('id')
      const named = readDeadLetterId(id)
      const letter = named && (await inWorkspace(deps.db, workspaceOf(c), (tx) => readDeadLetter(tx, named)))
      return letter === null ? refuse(c, deadLetterNotFound(id)) : c.json(letter, 200)
    })
    .post('/:id/redrive', REDRIVE, async (c) => {
      const result = await redriveDeadLetter(deps, { workspaceId: workspaceOf(c), letterId: c.req.param('id') })
      return result.ok ? c.json(result.value, 202, { location: `/v1/runs/${result.value.id}` }) : refuse(c, result)
    })
