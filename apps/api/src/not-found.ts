import { rejected } from '@flotilla/domain'
import type { Hono, NotFoundHandler } from 'hono'
import { TrieRouter } from 'hono/router/trie-router'
import type { AppEnv } from './context.ts'
import { refuse } from './errors.ts'
import { answerPage } from './routes/web-app.ts'
import type { AppFiles } from './web/app-files.ts'
import { isAppPath, wantsPage } from './web/app-path.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Tells a path that exists, with other methods (405 and Allow), from one that does not (404); pages are the web app's. */
export function createNotFoundHandler(routes: Hono<AppEnv>['routes'], files: AppFiles): NotFoundHandler<AppEnv> {
  const router = new TrieRouter<string>()
  for (const { method, path } of routes) if (method !== 'ALL') router.add(method, path, method)
  return (c) => {
    const { method, path } = c.req
    if (isAppPath(path) && wantsPage(method, c.req.header('accept'))) return answerPage(c, files)
    const allowed = METHODS.filter((candidate) => router.match(candidate, path)[0].length > 0)
    if (allowed.length === 0) return refuse(c, rejected('not_found', `there is no ${path}; /docs lists what there is`))
    const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : [])].join(', ')
    return refuse(c, rejected('method_not_allowed', `${method} is not possible on ${path}; possible: ${allow}`), {
      headers: { allow },
    })
  }
}
