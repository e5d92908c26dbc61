import path from 'node:path'
import { createClient, type Client } from '@flotilla/client'
import { migrate } from '@flotilla/db'
import { migrateQueues } from '@flotilla/queue'
import { freePort } from '@flotilla/runtime'
import type { Watched } from '../machine/load.ts'
import { ROOT } from '../machine/facts.ts'
import { temporaryFolder, type Scope } from '../scope.ts'
import { until } from '../until.ts'
import { startProcess, type OwnProcess } from '../services/process.ts'
import type { Stores } from '../services/stores.ts'

export type Work = 'agent' | 'no-op'

export type FlotillaSettings = Readonly<{
  databaseUrl: string
  redisUrl: string | undefined
  model: string
  /** What tasks do: an attempt of their agent, with the model above, or nothing. */
  work?: Work
  /** How long a no-op task takes. */
  taskMs?: number
  /** Settings of the caller's environment, such as FLOTILLA_TREE_MAX. */
  settings: Readonly<Record<string, string>>
  /** Where CPU profiles go. */
  profile: string | null
  /** Worker processes; one where left out. */
  workers?: number
}>

/** `worker` is the first of `workers`. */
export type Flotilla = Readonly<{
  url: string
  client: Client
  api: OwnProcess
  worker: OwnProcess
  workers: readonly OwnProcess[]
  /** Starts another one, and waits until it is ready. */
  addWorker(): Promise<OwnProcess>
}>

/** The system as whole processes on a migrated database: one API and its workers, with their default settings. */
export async function startFlotilla(scope: Scope, settings: FlotillaSettings): Promise<Flotilla> {
  const { databaseUrl, redisUrl } = settings
  await migrate(databaseUrl)
  if (redisUrl === undefined) await migrateQueues(databaseUrl)
  const folder = await temporaryFolder(scope)
  const port = await freePort()
  const env = {
    PATH: process.env['PATH'],
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    MALLOC_ARENA_MAX: process.env['MALLOC_ARENA_MAX'],
    ...settings.settings,
    DATABASE_URL: databaseUrl,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    FLOTILLA_MODEL: settings.model,
    FLOTILLA_PORT: String(port),
  }
  const start = (app: 'api' | 'worker', name: string = app): Promise<OwnProcess> =>
    startProcess(scope, { name, command: process.execPath, args: argsOf(app, settings), env, folder })
  const others = Array.from({ length: (settings.workers ?? 1) - 1 }, (_, i) => start('worker', `worker-${i + 2}`))
  const [api, worker, ...more] = await Promise.all([start('api'), start('worker'), ...others])
  const workers = [worker, ...more]
  const url = `http://127.0.0.1:${port}`
  const client = createClient({ url })
  const ready = Promise.all([
    ...workers.map((each) => untilReady(scope, each)),
    until(() => isReady(client), { what: 'the API is ready', signal: scope.signal }),
  ])
  await Promise.race([ready, api.ended, ...workers.map(({ ended }) => ended)])
  let last = workers.length
  const addWorker = async (): Promise<OwnProcess> => {
    const added = await start('worker', `worker-${(last += 1)}`)
    await Promise.race([untilReady(scope, added), added.ended])
    return added
  }
  return { url, client, api, worker, workers, addWorker }
}

const untilReady = (scope: Scope, worker: OwnProcess): Promise<boolean> =>
  until(async () => (await worker.output()).includes('"event":"ready"'), {
    what: `the ${worker.name} is ready`,
    signal: scope.signal,
  })

const isReady = (client: Client): Promise<boolean> =>
  client.ready().then(
    ({ ready }) => ready,
    () => false,
  )

function argsOf(name: 'api' | 'worker', { profile, work = 'agent', taskMs = 0 }: FlotillaSettings): string[] {
  const script =
    name === 'worker' && work === 'no-op'
      ? path.join(import.meta.dirname, 'no-op-worker.ts')
      : path.join(ROOT, 'apps', name, 'src', 'main.ts')
  const program = taskMs > 0 ? [script, String(taskMs)] : [script]
  return profile === null ? program : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profile)}`, ...program]
}

export const watchedOf = ({ postgres, redis, db }: Stores, { workers, api }: Flotilla): Watched => ({
  worker: workers.map(({ pid }) => pid),
  api: api.pid,
  postgres: postgres.pid,
  ...(redis === null ? {} : { redis: redis.pid }),
  db,
})
