import type { Client } from '@flotilla/client'
import { ProblemError, ServerUnreachableError } from '@flotilla/client'
import { checkDatabase as checkRecord } from '@flotilla/db'
import { ConfigurationError } from '@flotilla/domain'
import { checkQueueStore, hostOf, redisFacts, redisProblems, type RedisProblem } from '@flotilla/queue'
import type { Config, ModelSettings } from '../config.ts'
import { chooseModels } from '../models.ts'
import { atSecond } from '../live/figures.ts'
import { readServerFile } from '../server-file.ts'
import { databaseProblem } from '../system/prepare-database.ts'
import { fail, ok, warn, type Check } from './check.ts'

export async function checkDatabase({ databaseUrl, dataDir }: Config): Promise<Check[]> {
  if (databaseUrl === undefined) {
    const running =
      readServerFile(dataDir) === null ? '`flotilla up` starts it' : 'it runs, and `flotilla up` migrated it'
    return [ok('Database', `the embedded PostgreSQL; ${running}`)]
  }
  try {
    const { applied, pending, unknown, usable } = await checkRecord(databaseUrl)
    const reached = ok('Database', `reached at ${hostOf(databaseUrl)}`)
    if (unknown.length > 0 && !usable)
      return [
        reached,
        fail(
          'Migrations',
          `newer than this version: ${unknown.join(', ')}`,
          'run a newer version, or point DATABASE_URL at another database',
        ),
      ]
    if (pending.length > 0)
      return [
        reached,
        warn(
          'Migrations',
          `${pending.length} to apply: ${pending.join(', ')}`,
          'run `flotilla migrate`, or `flotilla up`',
        ),
      ]
    return [reached, ok('Migrations', `${applied.length} applied, none to come`)]
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.message.split('\n').map((message) => fail('Database', message, 'see above'))
    return [fail('Database', databaseProblem(databaseUrl, error).message, 'see above')]
  }
}

export async function checkQueue({ redisUrl, databaseUrl }: Config): Promise<Check[]> {
  if (redisUrl === undefined) return [await checkQueueTables(databaseUrl)]
  try {
    const facts = await redisFacts(redisUrl)
    const problems = redisProblems(redisUrl, facts)
    const at = hostOf(redisUrl)
    const about = (which: RedisProblem['about'], name: string, fine: string): Check[] => {
      const own = problems.filter((problem) => problem.about === which)
      return own.length === 0 ? [ok(name, fine)] : own.map(({ what, mend }) => fail(name, `${at} ${what}`, mend))
    }
    return [
      ...about('server', 'Redis', `version ${facts.version} at ${at}`),
      ...about('memory', 'Redis memory', 'never drops jobs (noeviction)'),
    ]
  } catch (error) {
    return [fail('Redis', error instanceof Error ? error.message : String(error), 'see above')]
  }
}

async function checkQueueTables(databaseUrl: string | undefined): Promise<Check> {
  const fine = ok('Queue', 'kept in the database; set REDIS_URL to use Redis')
  if (databaseUrl === undefined) return fine
  try {
    await checkQueueStore({ redisUrl: undefined, databaseUrl })
    return fine
  } catch (error) {
    // One that cannot be reached is told of as the database.
    return error instanceof ConfigurationError ? warn('Queue', error.message, 'see above') : fine
  }
}

export async function checkServer(client: Client): Promise<Check[]> {
  try {
    const { ready, dependencies } = await client.ready()
    const down = Object.entries(dependencies).filter(([, { status }]) => status === 'down')
    if (ready) return [ok('Server', `ready at ${client.url}`), ...(await checkLanes(client))]
    const why = down.map(([name, { reason }]) => `${name} is down${reason === undefined ? '' : ` (${reason})`}`)
    return [
      fail(
        'Server',
        `at ${client.url}, not ready${why.length === 0 ? '' : `: ${why.join(', ')}`}`,
        'look into its log, .flotilla/logs/api.log',
      ),
    ]
  } catch (error) {
    if (error instanceof ServerUnreachableError)
      return [warn('Server', `none at ${client.url}`, 'start it with `flotilla up`')]
    return [
      fail(
        'Server',
        error instanceof Error ? error.message : String(error),
        'give the address of a Flotilla API with --url or FLOTILLA_URL',
      ),
    ]
  }
}

/** Providers that let nothing pass now, and keys that they refuse; a server of an earlier version has no lanes to show. */
async function checkLanes(client: Client): Promise<Check[]> {
  const lanes = await client.lanes().catch((error: unknown) => {
    if (error instanceof ProblemError && error.status === 404) return null
    throw error
  })
  if (lanes === null) return []
  const [refused] = lanes.refusedKeys
  const paused = lanes.refusedKeys.map(({ runId }) => runId).slice(0, NAMED)
  const more = lanes.refusedKeys.length > NAMED ? ` and ${lanes.refusedKeys.length - NAMED} more` : ''
  const keys =
    refused === undefined
      ? []
      : [
          fail(
            'Key',
            `a provider refuses its key, and ${lanes.refusedKeys.length} ${lanes.refusedKeys.length === 1 ? 'run is' : 'runs are'} paused for it: ${refused.why}`,
            `correct ANTHROPIC_API_KEY or OPENAI_API_KEY, restart, then \`flotilla runs resume\` ${paused.join(', ')}${more}`,
          ),
        ]
  const closed = lanes.items.filter(({ state }) => state === 'closed')
  const told = closed.map(({ id, closedUntil, why, waitingTasks }) => {
    const key = REFUSED_KEY.exec(why ?? '')?.[1]
    return warn(
      'Lane',
      `${id} is closed until ${atSecond(closedUntil ?? '')} UTC: ${why ?? 'no reason was recorded'}${waitingTasks === 0 ? '' : `; ${waitingTasks} ${waitingTasks === 1 ? 'task waits' : 'tasks wait'}`}`,
      key === undefined
        ? 'it opens by itself; `flotilla lanes` shows it, FLOTILLA_FALLBACK_MODELS names models that stand in'
        : `correct ${key} and restart: another key has a lane of its own`,
    )
  })
  if (keys.length + told.length > 0) return [...keys, ...told]
  return lanes.items.length === 0 ? [] : [ok('Lanes', `${lanes.items.length} open`)]
}

/** How a failure of a key ends. */
const REFUSED_KEY = /: set (\w+) to a valid key of an account/
const NAMED = 3

export async function checkModels(settings: ModelSettings): Promise<Check[]> {
  const { model, utilityModel, simulated, problems } = await chooseModels(settings)
  if (problems.length > 0)
    return problems.map((problem) => fail('Models', problem, 'set the key, or choose another model'))
  if (simulated)
    return [
      warn(
        'Models',
        `${model}: no language model runs, answers are simulated`,
        'set ANTHROPIC_API_KEY or OPENAI_API_KEY for real ones',
      ),
    ]
  return [ok('Models', utilityModel === model ? model : `${model}, and ${utilityModel} for small work`)]
}
