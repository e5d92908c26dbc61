import { checkDatabase as checkRecord, connectionProblem, readConnectionFacts } from '@flotilla/db'
import { ConfigurationError } from '@flotilla/domain'
import { checkQueueStore, hostOf, redisFacts, redisProblems, scarceMemory, type RedisProblem } from '@flotilla/queue'
import type { Config, ModelSettings } from '../config.ts'
import { chooseModels } from '../models.ts'
import { readServerFile } from '../server-file.ts'
import { databaseProblem } from '../system/prepare-database.ts'
import { fail, ok, warn, type Check } from './check.ts'
import type { ServedModel } from './server.ts'

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
    return [reached, ok('Migrations', `${applied.length} applied, none to come`), await checkConnections(databaseUrl)]
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.message.split('\n').map((message) => fail('Database', message, 'see above'))
    return [fail('Database', databaseProblem(databaseUrl, error).message, 'see above')]
  }
}

/** As many as a worker takes of the database, whose queue is in Redis. */
const A_WORKER = 10

/** Whether one worker more would find connections. */
async function checkConnections(databaseUrl: string): Promise<Check> {
  const facts = await readConnectionFacts(databaseUrl, null)
  const problem = connectionProblem(facts, A_WORKER)
  const { max, workers, others } = facts
  return problem === null
    ? ok('Connections', `room for ${workers + 1} workers of ${A_WORKER} each beside ${others} others, of ${max}`)
    : warn('Connections', problem, 'see above')
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
    const scarce = problems.some((problem) => problem.about === 'memory') ? null : scarceMemory(redisUrl, facts)
    return [
      ...about('server', 'Redis', `version ${facts.version} at ${at}`),
      ...(scarce === null
        ? about('memory', 'Redis memory', 'never drops jobs (noeviction)')
        : [warn('Redis memory', `${at} ${scarce.what}`, scarce.mend)]),
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

/** `served`: of the server that runs, whose settings are those of its own start. */
export async function checkModels(settings: ModelSettings, served: ServedModel | null): Promise<Check[]> {
  const { model, utilityModel, simulated, problems } = await chooseModels(settings)
  if (problems.length > 0)
    return problems.map((problem) => fail('Models', problem, 'set the key, or choose another model'))
  if (served !== null && served.model !== model) return [ofServer(served, model)]
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

function ofServer({ model, simulated }: ServedModel, here: string): Check {
  if (!simulated) return ok('Models', `${model}, by the settings of the server; those of this shell choose ${here}`)
  return warn(
    'Models',
    `${model}, by the settings of the server: no language model runs there, though those of this shell choose ${here}`,
    'start the server anew with these settings',
  )
}
