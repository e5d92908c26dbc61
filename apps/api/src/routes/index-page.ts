import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { VERSION } from '../version.ts'
import type { AppFiles } from '../web/app-files.ts'
import { wantsPage } from '../web/app-path.ts'
import { answerPage } from './web-app.ts'

/** Where to go from the address that the server tells: browsers get the app, others a list. */
export const indexRoutes = (files: AppFiles) =>
  new Hono<AppEnv>().get('/', async (c) =>
    wantsPage(c.req.method, c.req.header('accept'))
      ? answerPage(c, files)
      : c.json(
          {
            name: 'flotilla',
            version: VERSION,
            docs: '/docs',
            openapi: '/openapi.json',
            runs: '/v1/runs',
            ready: '/readyz',
          },
          200,
          { vary: 'accept' },
        ),
  )
