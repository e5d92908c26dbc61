import { listTasks, readTask } from '@flotilla/db'
import { PAGE_DEFAULT, TASK_KEY_PATTERN, TaskSchema, accepted, rejected, type Rejection } from '@flotilla/domain'
import { Hono } from 'hono'
import * as v from 'valibot'
import type { ApiDeps, AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { LimitSchema, NumberCursorSchema, cursorOf, query } from '../query.ts'
import { inRun } from '../run-scope.ts'
import { TaskPageSchema } from '../schemas.ts'

const LIST = operation({
  id: 'listTasks',
  tag: 'tasks',
  summary: "List a run's tasks in plan order",
  answers: { 200: { description: 'A page', json: TaskPageSchema } },
  refusals: ['not_found', 'invalid_input'],
})
const SHOW = operation({
  id: 'getTask',
  tag: 'tasks',
  summary:
    'Show a task with attempts, turns, calls that were cut off, tool calls, verdicts, selection, context and output',
  answers: { 200: { description: 'The task', json: TaskSchema } },
  refusals: ['not_found'],
})

const TaskListQuerySchema = v.strictObject({ limit: LimitSchema, cursor: v.optional(NumberCursorSchema) })

export const taskNotFound = (runId: string, key: string): Rejection =>
  rejected('not_found', `run "${runId}" has no task "${key}"`)

/** A run's tasks, once its plan is expanded. */
export const taskRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/:id/tasks', LIST, query(TaskListQuerySchema), async (c) => {
      const { limit = PAGE_DEFAULT, cursor } = c.req.valid('query')
      const page = await inRun(deps, c, async (tx, run) =>
        accepted(await listTasks(tx, run, { after: cursor ?? -1, limit })),
      )
      if (!page.ok) return refuse(c, page)
      const { items, next } = page.value
      return c.json({ items, nextCursor: next === null ? null : cursorOf(next) }, 200)
    })
    .get('/:id/tasks/:key', SHOW, async (c) => {
      const key = c.req.param('key')
      const task = await inRun(deps, c, async (tx, run) => {
        const found = TASK_KEY_PATTERN.test(key) ? await readTask(tx, run, key) : null
        return found === null ? taskNotFound(run.uid, key) : accepted(found)
      })
      return task.ok ? c.json(task.value, 200) : refuse(c, task)
    })
