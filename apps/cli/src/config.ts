import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import {
  checkRecoveryTimes,
  checkRetention,
  DEFAULT_IDEMPOTENCY_DAYS,
  DEFAULT_RECOVERY_TIMES,
  type Retention,
} from '@flotilla/domain'
import type { LogLevel } from '@flotilla/runtime'
import * as v from 'valibot'

/** The checkout that this file belongs to. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const satisfies readonly LogLevel[]

const whole = (min: number, max: number, what: string) => {
  const expected = `expected ${what}, ${min} to ${max.toLocaleString('en')}`
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, (i) => `${expected}, found "${i.input}"`),
    v.transform(Number),
    v.minValue(min, (i) => `${expected}, found ${i.input}`),
    v.maxValue(max, (i) => `${expected}, found ${i.input}`),
  )
}

const DAYS = 'expected a number of days from 0.01 to 36,500, or nothing to keep for ever'
const days = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}(\.\d+)?$/, (i) => `${DAYS}, found "${i.input}"`),
  v.transform(Number),
  v.minValue(0.01, (i) => `${DAYS}, found ${i.input}`),
  v.maxValue(36_500, (i) => `${DAYS}, found ${i.input}`),
)

const seconds = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}(\.\d+)?$/, (i) => `expected a number of seconds, found "${i.input}"`),
  v.transform(Number),
)

/** A value that may hold a password is never repeated in a message. */
const address = (protocols: readonly string[]) =>
  v.pipe(
    v.string(),
    v.check(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `expected a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    ),
  )

const EnvSchema = v.object({
  DATABASE_URL: v.optional(address(['postgres:', 'postgresql:'])),
  REDIS_URL: v.optional(address(['redis:', 'rediss:'])),
  ANTHROPIC_API_KEY: v.optional(v.string()),
  ANTHROPIC_BASE_URL: v.optional(address(['http:', 'https:'])),
  OPENAI_API_KEY: v.optional(v.string()),
  OPENAI_BASE_URL: v.optional(address(['http:', 'https:'])),
  FLOTILLA_MODEL: v.optional(v.string()),
  FLOTILLA_UTILITY_MODEL: v.optional(v.string()),
  FLOTILLA_TOOLS: v.optional(
    v.pipe(
      v.string(),
      v.transform((value) =>
        value
          .split(',')
          .map((module) => module.trim())
          .filter((module) => module !== ''),
      ),
    ),
    '',
  ),
  FLOTILLA_HOST: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[\w.:-]+$/, (i) => `expected a host name or an IP address, found "${i.input}"`),
    ),
    '127.0.0.1',
  ),
  FLOTILLA_PORT: v.optional(whole(0, 65_535, 'a port (0 takes any free one)'), '3000'),
  FLOTILLA_DATA_DIR: v.optional(v.string(), '.flotilla'),
  FLOTILLA_WORKERS: v.optional(whole(1, 64, 'a number of worker processes'), '1'),
  FLOTILLA_WORKER_NAME: v.optional(
    v.pipe(v.string(), v.regex(/^[\w.-]{1,60}$/, 'expected letters, digits, ".", "_" and "-", at most 60')),
    'worker',
  ),
  FLOTILLA_CONCURRENCY: v.optional(whole(1, 5_000, 'a number of tasks at a time')),
  FLOTILLA_DRAIN_SECONDS: v.optional(whole(0, 3_600, 'a number of seconds'), '10'),
  FLOTILLA_LEASE_SECONDS: v.optional(seconds, String(DEFAULT_RECOVERY_TIMES.leaseSeconds)),
  FLOTILLA_HEARTBEAT_SECONDS: v.optional(seconds, String(DEFAULT_RECOVERY_TIMES.heartbeatSeconds)),
  FLOTILLA_SWEEP_SECONDS: v.optional(seconds, String(DEFAULT_RECOVERY_TIMES.sweepSeconds)),
  FLOTILLA_RETAIN_DAYS: v.optional(days),
  FLOTILLA_RETAIN_EVENTS_DAYS: v.optional(days),
  FLOTILLA_IDEMPOTENCY_DAYS: v.optional(days, String(DEFAULT_IDEMPOTENCY_DAYS)),
  FLOTILLA_LOG_LEVEL: v.optional(
    v.picklist(LOG_LEVELS, (i) => `expected one of ${LOG_LEVELS.join(', ')}, found ${i.received}`),
    'info',
  ),
  FLOTILLA_URL: v.optional(address(['http:', 'https:'])),
  FLOTILLA_API_KEY: v.optional(
    v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/, 'expected a key without blanks or control characters')),
  ),
})

/** Every variable that this program reads. */
export const ENV_KEYS: readonly string[] = Object.keys(EnvSchema.entries)

export type Environment = Readonly<Record<string, string | undefined>>

export interface ModelSettings {
  readonly anthropicApiKey: string | undefined
  readonly anthropicBaseUrl: string | undefined
  readonly openaiApiKey: string | undefined
  readonly openaiBaseUrl: string | undefined
  readonly model: string | undefined
  readonly utilityModel: string | undefined
}

export interface Config {
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly host: string
  readonly port: number
  /** Absolute. */
  readonly dataDir: string
  readonly workers: number
  /** What worker processes are called before their number. */
  readonly workerName: string
  readonly concurrency: number | undefined
  readonly drainSeconds: number
  readonly retention: Retention
  readonly logLevel: LogLevel
  readonly url: string | undefined
  readonly apiKey: string | undefined
  readonly models: ModelSettings
  /** Modules of custom tools, relative to the checkout. */
  readonly tools: readonly string[]
  /** Where relative paths of arguments begin. */
  readonly cwd: string
  /** For child processes. */
  readonly environment: Environment
}

export interface LoadedConfig {
  /** Where a variable is wrong, its default stands. */
  readonly config: Config
  /** One line for each wrong variable. */
  readonly problems: readonly string[]
}

/** An empty variable counts as not set, as in a copied `.env.example`. */
export function parseConfig(environment: Environment, cwd: string): LoadedConfig {
  const set = Object.fromEntries(ENV_KEYS.map((key) => [key, environment[key]?.trim() || undefined] as const))
  const parsed = v.safeParse(EnvSchema, set)
  if (parsed.success) {
    const config = configOf(parsed.output, environment, cwd)
    return { config, problems: contradictions(parsed.output, config) }
  }
  const wrong = new Map(parsed.issues.map((issue) => [String(issue.path?.[0]?.key), issue.message]))
  const rest = Object.fromEntries(Object.entries(set).filter(([key]) => !wrong.has(key)))
  return {
    config: configOf(v.parse(EnvSchema, rest), environment, cwd),
    problems: [...wrong].map(([key, message]) => `${key}: ${message}`),
  }
}

/** Of the workers' settings too, since `up` starts them. */
const contradictions = (env: v.InferOutput<typeof EnvSchema>, { retention }: Config): string[] => [
  ...checkRetention(retention),
  ...checkRecoveryTimes({
    leaseSeconds: env.FLOTILLA_LEASE_SECONDS,
    heartbeatSeconds: env.FLOTILLA_HEARTBEAT_SECONDS,
    sweepSeconds: env.FLOTILLA_SWEEP_SECONDS,
  }),
]

function configOf(env: v.InferOutput<typeof EnvSchema>, environment: Environment, cwd: string): Config {
  return Object.freeze({
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    host: env.FLOTILLA_HOST,
    port: env.FLOTILLA_PORT,
    dataDir: path.resolve(ROOT, env.FLOTILLA_DATA_DIR),
    workers: env.FLOTILLA_WORKERS,
    workerName: env.FLOTILLA_WORKER_NAME,
    concurrency: env.FLOTILLA_CONCURRENCY,
    drainSeconds: env.FLOTILLA_DRAIN_SECONDS,
    retention: {
      runsDays: env.FLOTILLA_RETAIN_DAYS ?? null,
      eventsDays: env.FLOTILLA_RETAIN_EVENTS_DAYS ?? null,
      keysDays: env.FLOTILLA_IDEMPOTENCY_DAYS,
    },
    logLevel: env.FLOTILLA_LOG_LEVEL,
    url: env.FLOTILLA_URL,
    apiKey: env.FLOTILLA_API_KEY,
    models: {
      anthropicApiKey: env.ANTHROPIC_API_KEY,
      anthropicBaseUrl: env.ANTHROPIC_BASE_URL,
      openaiApiKey: env.OPENAI_API_KEY,
      openaiBaseUrl: env.OPENAI_BASE_URL,
      model: env.FLOTILLA_MODEL,
      utilityModel: env.FLOTILLA_UTILITY_MODEL,
    },
    tools: env.FLOTILLA_TOOLS,
    cwd,
    environment,
  })
}

/** The process's environment over the checkout's `.env`. */
export function loadConfig(): LoadedConfig {
  const environment = { ...readDotEnv(path.join(ROOT, '.env')), ...process.env }
  return parseConfig(environment, callersFolder(environment, process.cwd()))
}

function readDotEnv(file: string): Environment {
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** `npm run` works in the checkout, wherever it was called; it tells the caller's folder in INIT_CWD. */
function callersFolder(environment: Environment, cwd: string): string {
  const called = environment['INIT_CWD']
  return called !== undefined && path.resolve(cwd) === path.resolve(ROOT) ? called : cwd
}
