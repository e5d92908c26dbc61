import { MIGRATIONS, inWorkspace, readMigrations, type Db } from '@flotilla/db'
import { systemTimers } from '@flotilla/runtime'

export type DependencyState = Readonly<{ status: 'up' | 'down'; reason?: string }>
export type Check = () => Promise<void>

const TIMEOUT_MS = 2_000

/** The state of each dependency, asked at once; one that does not answer in time is down. */
export async function readDependencies(
  checks: Readonly<Record<string, Check>>,
): Promise<Record<string, DependencyState>> {
  const states = Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check)] as const)
  return Object.fromEntries(await Promise.all(states))
}

async function stateOf(check: Check): Promise<DependencyState> {
  const late = Promise.withResolvers<DependencyState>()
  const cancel = systemTimers.after(TIMEOUT_MS, () =>
    late.resolve({ status: 'down', reason: `no answer within ${TIMEOUT_MS} ms` }),
  )
  const answer = check().then(
    (): DependencyState => ({ status: 'up' }),
    (error: unknown): DependencyState => ({ status: 'down', reason: reasonOf(error) }),
  )
  const state = await Promise.race([answer, late.promise])
  cancel()
  return state
}

/** A dependency that is not as it must be says so itself; of other errors only the code is told: messages name hosts. */
export class NotReady extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof NotReady) return error.message
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code === '' ? 'it does not answer' : code
}

/** Any workspace does: what is asked for belongs to none. */
const WORKSPACE = 1

/** The record answers, and stands at migrations that this code can work with. */
export const recordChecks = (db: Db): Readonly<Record<'database' | 'migrations', Check>> => ({
  database: async () => {
    await inWorkspace(db, WORKSPACE, () => Promise.resolve())
  },
  migrations: async () => {
    const { applied, usableFrom } = await inWorkspace(db, WORKSPACE, readMigrations)
    const known = Object.keys(MIGRATIONS)
    const missing = known.filter((name) => !applied.includes(name))
    if (missing.length > 0) throw new NotReady(`not applied: ${missing.join(', ')}; run "flotilla migrate"`)
    const newer = applied.filter((name) => !(name in MIGRATIONS))
    if (newer.length > 0 && usableFrom > known.length)
      throw new NotReady(`newer than this version: ${newer.join(', ')}`)
  },
})
