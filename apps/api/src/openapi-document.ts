import { generateSpecs } from 'hono-openapi'
import { Hono } from 'hono'
import type { AppEnv } from './context.ts'
import { VERSION } from './version.ts'

const INFO = {
  title: 'Flotilla',
  version: VERSION,
  description: 'Runs goals as graphs of tasks for fleets of LLM agents. Errors are RFC 9457 problems.',
}

/** What the routes' validators and descriptions say, as OpenAPI 3.1. */
export const openApiDocument = (routes: Hono<AppEnv>): ReturnType<typeof generateSpecs> =>
  generateSpecs(routes, {
    documentation: { openapi: '3.1.0', info: INFO, servers: [{ url: '/' }] },
    excludeStaticFile: false,
    defaultValidationErrorResponse: false,
  })

/** Made at the first request and kept. */
export function openApiRoutes(routes: Hono<AppEnv>): Hono<AppEnv> {
  let document: ReturnType<typeof openApiDocument> | undefined
  return new Hono<AppEnv>().get('/openapi.json', async (c) => {
    document ??= openApiDocument(routes)
    return c.json(await document)
  })
}
