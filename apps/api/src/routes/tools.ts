import { Hono } from 'hono'
import type { ApiDeps, AppEnv } from '../context.ts'
import { operation } from '../openapi.ts'
import { ToolPageSchema } from '../schemas.ts'

const TOOLS = operation({
  id: 'listTools',
  tag: 'agents',
  summary: 'The tools that agents and tasks may be given',
  description: 'The built-in ones, then those of FLOTILLA_TOOLS, all on one page.',
  answers: { 200: { description: 'The tools', json: ToolPageSchema } },
})

/** Tools, as this process is set up. */
export const toolRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/', TOOLS, (c) => c.json({ items: [...deps.tools], nextCursor: null }, 200))
