import { inWorkspace, readRunHead, type RunHead, type Tx } from '@flotilla/db'
import { RUN_ID, type Result } from '@flotilla/domain'
import { runNotFound } from '@flotilla/engine'
import type { Context } from 'hono'
import { workspaceOf, type ApiDeps, type AppEnv } from './context.ts'

/** Reads something below the run that the path names, in one transaction. Errors: `not_found`, and what `read` answers. */
export function inRun<T>(
  deps: Pick<ApiDeps, 'db'>,
  c: Context<AppEnv, '/:id'>,
  read: (tx: Tx, run: RunHead) => Promise<Result<T>>,
): Promise<Result<T>> {
  const id = c.req.param('id')
  return inWorkspace(deps.db, workspaceOf(c), async (tx) => {
    const run = RUN_ID.test(id) ? await readRunHead(tx, id) : null
    return run === null ? runNotFound(id) : read(tx, run)
  })
}
