import { fileURLToPath } from 'node:url'
import {
  checkRecoveryTimes,
  checkRetention,
  ConfigurationError,
  DEFAULT_APPROVAL_HOURS,
  DEFAULT_IDEMPOTENCY_DAYS,
  DEFAULT_RECOVERY_TIMES,
  type Retention,
} from '@flotilla/domain'
import { CALL_ENTRIES, modelEntries } from '@flotilla/llm'
import { commaList, environmentProblem, STORE_ENTRIES } from '@flotilla/runtime'
import * as v from 'valibot'

/** The checkout that this file belongs to: where relative paths begin. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const text = v.pipe(v.string(), v.trim())
const number = (name: string, min: number, max: number, fallback: number) =>
  v.optional(
    v.pipe(
      text,
      v.regex(/^\d+(\.\d+)?$/, (i) => `${name} is "${i.input}"; expected a number from ${min} to ${max}`),
      v.transform(Number),
      v.minValue(min, (i) => `${name} is ${i.input}; expected ${min} to ${max}`),
      v.maxValue(max, (i) => `${name} is ${i.input}; expected ${min} to ${max}`),
    ),
    String(fallback),
  )
const port = (name: string) =>
  v.pipe(
    text,
    v.regex(/^\d{1,5}$/, (i) => `${name} is "${i.input}"; expected a port from 0 to 65535 (0 takes any free one)`),
    v.transform(Number),
    v.maxValue(65_535, (i) => `${name} is ${i.input}; expected a port from 0 to 65535`),
  )
/** Unset is for ever; 0 is refused, since it can be meant either way. */
const days = (name: string) =>
  v.pipe(
    text,
    v.regex(
      /^\d{1,5}(\.\d+)?$/,
      (i) => `${name} is "${i.input}"; expected a number of days from 0.01 to 36500, or nothing to keep for ever`,
    ),
    v.transform(Number),
    v.minValue(0.01, (i) => `${name} is ${i.input}; expected a number of days from 0.01, or nothing to keep for ever`),
    v.maxValue(36_500, (i) => `${name} is ${i.input}; expected at most 36500 days, or nothing to keep for ever`),
  )

const roleToken = /^(planner|verifier|learner|maintenance|agent:(\*|[a-z][a-z0-9-]{0,39}))$/
const RolesSchema = v.pipe(
  commaList,
  v.minLength(1, 'FLOTILLA_ROLES is empty; expected a list such as planner,agent:*,verifier,learner,maintenance'),
  v.everyItem(
    (role) => roleToken.test(role),
    'FLOTILLA_ROLES: expected planner, agent:* or agent:<role>, verifier, learner, maintenance, separated by commas',
  ),
)

const RoleLimitsSchema = v.pipe(
  commaList,
  v.everyItem(
    (part) => /^[a-z][a-z0-9-]{0,39}=\d{1,5}$/.test(part),
    'FLOTILLA_ROLE_LIMITS: expected role=number pairs such as writer=4,researcher=10',
  ),
  v.transform((parts) =>
    parts.map((part) => ({ role: part.split('=')[0] as string, max: Number(part.split('=')[1]) })),
  ),
)

const WEIGHTS =
  'FLOTILLA_WORKSPACE_WEIGHTS: expected workspace=weight pairs such as default=1,acme=4, with weights from 1 to 1000'
const WorkspaceWeightsSchema = v.pipe(
  commaList,
  v.everyItem((part) => /^[^=\s][^=]{0,199}=([1-9]\d{0,2}|1000)$/.test(part), WEIGHTS),
  v.transform((parts) =>
    parts.map((part) => ({ workspace: part.split('=')[0] as string, weight: Number(part.split('=')[1]) })),
  ),
)

const EnvSchema = v.object({
  ...STORE_ENTRIES,
  ...modelEntries(ROOT),
  FLOTILLA_FALLBACK_MODELS: v.optional(commaList, ''),
  ...CALL_ENTRIES,
  FLOTILLA_TOOLS: v.optional(commaList, ''),
  FLOTILLA_APPROVAL_HOURS: number('FLOTILLA_APPROVAL_HOURS', 0.001, 8_760, DEFAULT_APPROVAL_HOURS),
  FLOTILLA_CONTEXT_TOKENS: number('FLOTILLA_CONTEXT_TOKENS', 1_000, 2_000_000, 24_000),
  FLOTILLA_ROLES: v.optional(RolesSchema, 'planner,agent:*,verifier,learner,maintenance'),
  FLOTILLA_ROLE_LIMITS: v.optional(RoleLimitsSchema, ''),
  FLOTILLA_WORKSPACE_WEIGHTS: v.optional(WorkspaceWeightsSchema, ''),
  FLOTILLA_CONCURRENCY: number('FLOTILLA_CONCURRENCY', 1, 5_000, 50),
  FLOTILLA_LEASE_SECONDS: number('FLOTILLA_LEASE_SECONDS', 0.5, 3_600, DEFAULT_RECOVERY_TIMES.leaseSeconds),
  FLOTILLA_HEARTBEAT_SECONDS: number('FLOTILLA_HEARTBEAT_SECONDS', 0.1, 1_200, DEFAULT_RECOVERY_TIMES.heartbeatSeconds),
  FLOTILLA_SWEEP_SECONDS: number('FLOTILLA_SWEEP_SECONDS', 0.1, 60, DEFAULT_RECOVERY_TIMES.sweepSeconds),
  FLOTILLA_RETRY_SECONDS: number('FLOTILLA_RETRY_SECONDS', 0.01, 60, 1),
  FLOTILLA_DRAIN_SECONDS: number('FLOTILLA_DRAIN_SECONDS', 0, 3_600, 10),
  FLOTILLA_RETAIN_DAYS: v.optional(days('FLOTILLA_RETAIN_DAYS')),
  FLOTILLA_RETAIN_EVENTS_DAYS: v.optional(days('FLOTILLA_RETAIN_EVENTS_DAYS')),
  FLOTILLA_IDEMPOTENCY_DAYS: v.optional(days('FLOTILLA_IDEMPOTENCY_DAYS'), String(DEFAULT_IDEMPOTENCY_DAYS)),
  FLOTILLA_TREE_MAX: number('FLOTILLA_TREE_MAX', 0, 10_000, 200),
  FLOTILLA_WORKER_NAME: v.optional(
    v.pipe(
      text,
      v.transform((value) => value || undefined),
    ),
  ),
  FLOTILLA_HEALTH_PORT: v.optional(port('FLOTILLA_HEALTH_PORT')),
  FLOTILLA_METRICS_PORT: v.optional(port('FLOTILLA_METRICS_PORT')),
  OTEL_EXPORTER_OTLP_ENDPOINT: v.optional(
    v.pipe(
      text,
      v.check(
        (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
        'OTEL_EXPORTER_OTLP_ENDPOINT: expected an address such as http://127.0.0.1:4318',
      ),
    ),
  ),
  FLOTILLA_QUEUE_PREFIX: v.optional(
    v.pipe(text, v.regex(/^[\w-]{1,40}$/, 'FLOTILLA_QUEUE_PREFIX: expected letters, digits, "_" and "-"')),
    'flotilla',
  ),
  FLOTILLA_LOG_LEVEL: v.optional(v.picklist(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), 'info'),
})

export type Config = Readonly<v.InferOutput<typeof EnvSchema>>
export const ENV_KEYS = Object.keys(EnvSchema.entries)

/** The environment as configuration. Throws one ConfigurationError that names everything wrong with it. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = v.safeParse(EnvSchema, present)
  const problems = parsed.success ? contradictions(parsed.output) : parsed.issues.map(environmentProblem)
  if (!parsed.success || problems.length > 0) throw new ConfigurationError(problems.join('\n'))
  return Object.freeze(parsed.output)
}

const contradictions = (config: Config): string[] => [
  ...onePort(config.FLOTILLA_HEALTH_PORT, config.FLOTILLA_METRICS_PORT),
  ...checkRetention(retentionOf(config)),
  ...checkRecoveryTimes({
    leaseSeconds: config.FLOTILLA_LEASE_SECONDS,
    heartbeatSeconds: config.FLOTILLA_HEARTBEAT_SECONDS,
    sweepSeconds: config.FLOTILLA_SWEEP_SECONDS,
  }),
]

const onePort = (health: number | undefined, metrics: number | undefined): string[] =>
  health === undefined || health === 0 || health !== metrics
    ? []
    : [
        `FLOTILLA_HEALTH_PORT and FLOTILLA_METRICS_PORT are both ${metrics}; set FLOTILLA_METRICS_PORT alone: it answers probes, too`,
      ]

/** How long what has ended is kept. */
export const retentionOf = (config: Config): Retention => ({
  runsDays: config.FLOTILLA_RETAIN_DAYS ?? null,
  eventsDays: config.FLOTILLA_RETAIN_EVENTS_DAYS ?? null,
  keysDays: config.FLOTILLA_IDEMPOTENCY_DAYS,
})
