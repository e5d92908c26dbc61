import type { Config, Environment } from '../config.ts'

export type Drain = Readonly<{
  /** What a child is given to finish its work. */
  childSeconds: number
  /** After this a child is killed. */
  graceMs: number
}>

/** The database is stopped after the processes that use it, and all of it within the one drain time. */
export const drainOf = (drainSeconds: number): Drain => ({
  childSeconds: Math.max(Math.min(1, drainSeconds), drainSeconds - 3),
  graceMs: Math.max(1_500, (drainSeconds - 1) * 1_000),
})

/** What is no setting of the processes of this system. */
const NOT_FOR_CHILDREN = new Set([
  'FLOTILLA_URL',
  'FLOTILLA_API_KEY',
  'FLOTILLA_WORKER_NAME',
  'FLOTILLA_WORKERS',
  // One port, and as many workers as are asked for.
  'FLOTILLA_HEALTH_PORT',
])

/** The caller's environment with this system's settings in place of what they were read from. */
export function childEnvironment(settings: Config & Readonly<{ databaseUrl: string }>): Environment {
  const inherited = Object.entries(settings.environment).filter(([key]) => !NOT_FOR_CHILDREN.has(key))
  return {
    ...Object.fromEntries(inherited),
    DATABASE_URL: settings.databaseUrl,
    FLOTILLA_HOST: settings.host,
    FLOTILLA_PORT: String(settings.port),
    FLOTILLA_DATA_DIR: settings.dataDir,
    FLOTILLA_DRAIN_SECONDS: String(drainOf(settings.drainSeconds).childSeconds),
    FLOTILLA_LOG_LEVEL: settings.logLevel,
    ...(settings.concurrency === undefined ? {} : { FLOTILLA_CONCURRENCY: String(settings.concurrency) }),
  }
}
