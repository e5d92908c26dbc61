import { inWorkspace, readAgentModels } from '@flotilla/db'
import { ModelsSchema } from '@flotilla/domain'
import { Hono } from 'hono'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { modelsView } from '../model-view.ts'
import { operation } from '../openapi.ts'

const MODELS = operation({
  id: 'listModels',
  tag: 'models',
  summary: 'The models in use, with their prices and where those come from',
  description:
    'Prices in US dollars per million tokens. priceFrom: built_in (the table of this version), own (FLOTILLA_PRICES), free, most_expensive or unknown (no price is known, and FLOTILLA_UNKNOWN_PRICE says what of it).',
  answers: { 200: { description: 'The models', json: ModelsSchema } },
})

/** Models and prices, as this process is set up. */
export const modelRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/', MODELS, async (c) => {
    const workspaceId = workspaceOf(c)
    const agentModels = await inWorkspace(deps.db, workspaceId, (tx) => readAgentModels(tx, workspaceId))
    return c.json(modelsView({ ...deps.models, agentModels }), 200)
  })
