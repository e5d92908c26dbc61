import { cancelRun, pauseRun, resumeRun, startRun } from '@flotilla/engine'
import { Hono } from 'hono'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { CancelAcceptedSchema, RunAcceptedSchema } from '../schemas.ts'

const START = operation({
  id: 'startRun',
  tag: 'runs',
  summary: 'Start a run that was created with "start": false',
  answers: {
    202: {
      description: 'It is started, or was before; one that was cancelled or failed is a conflict',
      json: RunAcceptedSchema,
    },
  },
  refusals: ['not_found', 'conflict'],
})
const PAUSE = operation({
  id: 'pauseRun',
  tag: 'runs',
  summary: 'Pause a run',
  description:
    'Nothing of it starts any more and no model call begins; a turn in flight ends, is recorded and counts. It stays paused until it is resumed or cancelled, whatever is restarted meanwhile; the time does not count against budget.seconds.',
  answers: { 202: { description: 'It is paused, or was already', json: RunAcceptedSchema } },
  refusals: ['not_found', 'conflict'],
})
const RESUME = operation({
  id: 'resumeRun',
  tag: 'runs',
  summary: 'Resume a paused run',
  description: 'It goes on where it was: attempts that were stopped between two turns continue with the next turn.',
  answers: {
    202: { description: 'It goes on, or was not paused; one that has ended is a conflict', json: RunAcceptedSchema },
  },
  refusals: ['not_found', 'conflict'],
})
const CANCEL = operation({
  id: 'cancelRun',
  tag: 'runs',
  summary: 'Cancel a run and all its tasks',
  description:
    'No model call of it begins any more, and those in flight are cut off. The receipt says what was ended; what the calls in flight used comes in a moment later and is shown with the run.',
  answers: { 202: { description: 'It is cancelled, or was already', json: CancelAcceptedSchema } },
  refusals: ['not_found', 'conflict'],
})

/** What moves a run; repeating what has taken effect is no error. */
export const runControlRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .post('/:id/start', START, async (c) => {
      const result = await startRun(deps, { workspaceId: workspaceOf(c), runId: c.req.param('id') })
      return result.ok ? c.json(result.value, 202) : refuse(c, result)
    })
    .post('/:id/pause', PAUSE, async (c) => {
      const result = await pauseRun(deps, { workspaceId: workspaceOf(c), runId: c.req.param('id') })
      return result.ok ? c.json(result.value, 202) : refuse(c, result)
    })
    .post('/:id/resume', RESUME, async (c) => {
      const result = await resumeRun(deps, { workspaceId: workspaceOf(c), runId: c.req.param('id') })
      return result.ok ? c.json(result.value, 202) : refuse(c, result)
    })
    .post('/:id/cancel', CANCEL, async (c) => {
      const result = await cancelRun(deps, { workspaceId: workspaceOf(c), runId: c.req.param('id') })
      return result.ok ? c.json(result.value, 202) : refuse(c, result)
    })
