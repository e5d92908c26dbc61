import { readTaskPlace, type RunHead } from '@flotilla/db'
import { PAGE_DEFAULT, TASK_KEY_PATTERN, accepted, isTerminalRun, rejected, type Result } from '@flotilla/domain'
import { readEventPage } from '@flotilla/engine'
import { Hono, type Context } from 'hono'
import * as v from 'valibot'
import { validate } from '../body.ts'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { headerParameter, operation } from '../openapi.ts'
import { LimitSchema, SeqSchema, query } from '../query.ts'
import { inRun } from '../run-scope.ts'
import { EventPageSchema } from '../schemas.ts'
import { eventFrames } from '../streams/event-stream.ts'
import { sseResponse } from '../streams/sse.ts'
import { tokenFrames } from '../streams/token-stream.ts'
import { taskNotFound } from './tasks.ts'

const PAGE = operation({
  id: 'listEvents',
  tag: 'events',
  summary: "A run's event log, in order and without a gap",
  description:
    'after: the number before the first one wanted. nextCursor is the last number of the page. trimmed is true for a run older than FLOTILLA_RETAIN_EVENTS_DAYS: the events of its tasks and the bodies of their turns are gone, the events of the run itself are left, the terminal one among them.',
  answers: { 200: { description: 'A page', json: EventPageSchema } },
  refusals: ['not_found', 'invalid_input'],
})
const STREAM = operation({
  id: 'streamEvents',
  tag: 'events',
  summary: "A run's events as Server-Sent Events",
  description:
    "id is the event's number, event its type, data the whole event. Last-Event-ID, or else after, resumes. Ends after the terminal event; 204 when nothing comes after the given number. Of a run older than FLOTILLA_RETAIN_EVENTS_DAYS only its own events come.",
  answers: {
    200: { description: 'The stream', media: ['text/event-stream'] },
    204: { description: 'Nothing follows, ever' },
  },
  refusals: ['not_found', 'invalid_input'],
  parameters: [headerParameter('Last-Event-ID', 'The last number that was received; wins over "after"')],
})
const WORDS = operation({
  id: 'streamTask',
  tag: 'tasks',
  summary: "A task's model output while it is written",
  description:
    'Server-Sent Events without ids, kept nowhere: delta {text}, attempt {attempt}, restart {takeBack} where the last so many characters are void, gap {} where some was dropped, end {status}. 204 when the task has ended.',
  answers: {
    200: { description: 'The stream', media: ['text/event-stream'] },
    204: { description: 'The task has ended' },
  },
  refusals: ['not_found'],
})

const PageQuerySchema = v.strictObject({
  after: v.optional(SeqSchema),
  cursor: v.optional(SeqSchema),
  limit: LimitSchema,
})
const StreamQuerySchema = v.strictObject({ after: v.optional(SeqSchema) })

/** A run's log as pages and as a stream, and its tasks' words. */
export const eventRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/:id/events', PAGE, query(PageQuerySchema), async (c) => {
      const { after = 0, cursor = after, limit = PAGE_DEFAULT } = c.req.valid('query')
      const input = { workspaceId: workspaceOf(c), runId: c.req.param('id'), after: cursor, limit }
      const page = await readEventPage(deps, input)
      return page.ok ? c.json(page.value, 200) : refuse(c, page)
    })
    .get('/:id/events/stream', STREAM, query(StreamQuerySchema), async (c) => {
      const after = lastEventId(c, c.req.valid('query').after ?? 0)
      if (!after.ok) return refuse(c, after)
      const run = await inRun(deps, c, async (_tx, head) => accepted(head))
      if (!run.ok) return refuse(c, run)
      if (isTerminalRun(run.value.status) && after.value >= run.value.seq) return c.body(null, 204)
      return sseResponse((signal) => eventFrames(readerOf(deps, c, run.value, after.value), signal))
    })
    .get('/:id/tasks/:key/stream', WORDS, async (c) => {
      const key = c.req.param('key')
      const place = await inRun(deps, c, async (tx, run) => {
        const task = TASK_KEY_PATTERN.test(key) ? await readTaskPlace(tx, run.id, key) : null
        return task === null ? taskNotFound(run.uid, key) : accepted({ run, task })
      })
      if (!place.ok) return refuse(c, place)
      const { run, task } = place.value
      if (task.ended) return c.body(null, 204)
      return sseResponse((signal) => {
        const reader = readerOf(deps, c, run, run.seq)
        return tokenFrames({ hints: deps.hints, reader, runId: run.id, idx: task.idx, taskKey: key }, signal)
      })
    })

const readerOf = (deps: ApiDeps, c: Context<AppEnv>, run: RunHead, after: number) =>
  deps.feeds.open({ workspaceId: workspaceOf(c), id: run.id, uid: run.uid }, run.seq, after)

/** An EventSource that reconnects repeats its URL, so its header is the newer one. */
function lastEventId(c: Context<AppEnv>, after: number): Result<number> {
  const id = c.req.header('last-event-id')
  if (id === undefined || id === '') return accepted(after)
  const seq = validate(SeqSchema, id)
  if (seq.ok) return seq
  const message = `expected the number of an event, found "${id.slice(0, 40)}"`
  return rejected('invalid_input', `Last-Event-ID: ${message}`, [{ path: '/Last-Event-ID', message }])
}
