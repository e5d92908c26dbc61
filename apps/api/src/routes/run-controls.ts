import { cancelRun, startRun } from '@flotilla/engine'
import { Hono } from 'hono'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { RunAcceptedSchema } from '../schemas.ts'

const START = operation({
  id: 'startRun',
  tag: 'runs',
  summary: 'Start a run that was created with "start": false',
  answers: { 202: { description: 'It goes on, or did already', json: RunAcceptedSchema } },
  refusals: ['not_found', 'conflict'],
})
const CANCEL = operation({
  id: 'cancelRun',
  tag: 'runs',
  summary: 'Cancel a run and all its tasks',
  answers: { 202: { description: 'It is cancelled, or was already', json: RunAcceptedSchema } },
  refusals: ['not_found', 'conflict'],
})

/** What moves a run; repeating what has taken effect is no error. */
export const runControlRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .post('/:id/start', START, async (c) => {
      const result = await startRun(deps, { workspaceId: workspaceOf(c), runId: c.req.param('id') })
      return result.ok ? c.json(result.value, 202) : refuse(c, result)
    })
    .post('/:id/cancel', CANCEL, async (c) => {
      const result = await cancelRun(deps, { workspaceId: workspaceOf(c), runId: c.req.param('id') })
      return result.ok ? c.json(result.value, 202) : refuse(c, result)
    })
