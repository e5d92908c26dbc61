import { inWorkspace, readSchemaProblem, type Db } from '@flotilla/db'
import { NotReady, type Check } from '@flotilla/runtime'

/** Any workspace does: what is asked for belongs to none. */
const WORKSPACE = 1

/** The record answers, and stands at migrations that this code can work with. */
export const recordChecks = (db: Db): Readonly<Record<'database' | 'migrations', Check>> => ({
  database: async () => {
    await inWorkspace(db, WORKSPACE, () => Promise.resolve())
  },
  migrations: async () => {
    const problem = await inWorkspace(db, WORKSPACE, readSchemaProblem)
    if (problem !== null) throw new NotReady(problem)
  },
})
