import type { Config, Environment } from '../config.ts'

export type Drain = Readonly<{
  /** What a child is given to finish its work. */
  childSeconds: number
  /** After this a child is killed. */
  graceMs: number
}>

/** A child that hands back in time ends within its drain time; one that hangs while it closes gets this much more. */
const CLOSE_MS = 2_000

/** The work gets the whole drain time: whoever runs all this waits a few seconds longer, for what is stopped after it. */
export const drainOf = (drainSeconds: number): Drain => ({
  childSeconds: drainSeconds,
  graceMs: drainSeconds * 1_000 + CLOSE_MS,
})

/** What is no setting of the processes of this system. */
const NOT_FOR_CHILDREN = new Set([
  'FLOTILLA_URL',
  'FLOTILLA_API_KEY',
  'FLOTILLA_WORKER_NAME',
  'FLOTILLA_WORKERS',
  // One port each, and as many workers as are asked for.
  'FLOTILLA_HEALTH_PORT',
  'FLOTILLA_METRICS_PORT',
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
