import { CreateRunSchema } from '@flotilla/domain'
import { analyzeWithoutRun } from '@flotilla/engine'
import { Hono } from 'hono'
import { jsonBody } from '../body.ts'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { ownToolNames } from '../known-tools.ts'
import { BODY_REFUSALS, operation } from '../openapi.ts'
import { RequestAnalysisSchema } from '../schemas.ts'

const ANALYZE = operation({
  id: 'analyzeRequest',
  tag: 'runs',
  summary: 'Analyse a request without creating a run',
  description:
    'Takes what POST /v1/runs takes. Answers type, complexity, requirements, estimate, how it would be planned, and advice. Bodies up to 32 MiB.',
  answers: { 200: { description: 'The analysis', json: RequestAnalysisSchema } },
  refusals: [...BODY_REFUSALS, 'unsupported'],
})

const TIMEOUT_MS = 60_000

export const analysisRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().post('/', ANALYZE, jsonBody(CreateRunSchema), async (c) => {
    const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(TIMEOUT_MS)])
    const input = { workspaceId: workspaceOf(c), body: c.req.valid('json'), signal }
    const result = await analyzeWithoutRun({ db: deps.db, tools: ownToolNames(deps.tools), ...deps.models }, input)
    return result.ok ? c.json(result.value, 200) : refuse(c, result)
  })
